/**
 * Draws the servers of the herd and their links. Each state has its own shape
 * besides its colour.
 *
 * @module
 */
import { placeOnCircle } from "./circle_layout.js";
import { svg } from "./dom.js";
import { counted, cut } from "./format.js";
import { colourClass } from "./palette.js";

const [width, height] = [400, 390];
/** Room for the names. */
const [marginX, marginY] = [82, 64];
const maxNameLength = 16;
/** From this number of servers on, names are rotated, so as not to overlap. */
const crowd = 17;

/** The symbol in a server's circle. */
const symbols = {
  "ready": "",
  "not ready": "…",
  "stopping": "…",
  "reachable": "",
  "down": "✕",
  "unseen": "?",
};

export class Graph {
  #parent;
  #drawn = "";
  /** The servers and links that `#places` was made for. */
  #herd = "";
  /** @type {ReturnType<typeof placeOnCircle>} */
  #places = new Map();

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.#parent = parent;
  }

  /**
   * Draws the herd, if it has changed.
   *
   * @param {readonly import("./types.d.ts").ServerView[]} servers
   * @param {readonly import("./types.d.ts").LinkView[]} links
   */
  show(servers, links) {
    const key = JSON.stringify([
      servers.map(({ name, state, note }) => [name, state, note]),
      links.map(({ ends, state, note }) => [ends, state, note]),
    ]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#place(servers.map(({ name }) => name), links.map(({ ends }) => ends));
    this.#parent.replaceChildren(draw(servers, links, this.#places));
  }

  /**
   * Places the servers again if the herd has changed. A large herd takes time to
   * place, and while a link is behind, the graph is drawn every second.
   *
   * @param {readonly string[]} names
   * @param {readonly (readonly [string, string])[]} links
   */
  #place(names, links) {
    const herd = JSON.stringify([names, links]);
    if (herd === this.#herd) return;
    this.#herd = herd;
    this.#places = placeOnCircle(names, links);
  }
}

/**
 * @param {readonly import("./types.d.ts").ServerView[]} servers
 * @param {readonly import("./types.d.ts").LinkView[]} links
 * @param {ReturnType<typeof placeOnCircle>} places
 */
function draw(servers, links, places) {
  const at = (/** @type {string} */ name) => {
    const { x, y } = places.get(name) ?? { x: 0, y: 0 };
    return {
      x: round(width / 2 + x * (width / 2 - marginX)),
      y: round(height / 2 + y * (height / 2 - marginY)),
    };
  };
  return svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": summary(servers, links),
    class: servers.length >= crowd ? "crowded" : "",
  }, [
    // Labels are above all lines.
    ...links.map((link) => drawLine(link, at)),
    ...links.map((link) => drawLinkLabel(link, at)),
    ...servers.map((server) =>
      drawServer(server, at(server.name), servers.length)
    ),
  ]);
}

/**
 * @param {import("./types.d.ts").LinkView} link
 * @param {(name: string) => { x: number, y: number }} at
 */
function drawLine({ ends, state, note }, at) {
  const [from, to] = ends.map(at);
  return svg("line", {
    x1: from.x,
    y1: from.y,
    x2: to.x,
    y2: to.y,
    class: `link link-${state.replace(" ", "-")}`,
    "data-link": ends.join(" "),
    "data-state": state,
  }, [svg("title", {}, [`${ends.join(" – ")}: ${state} ${note}`])]);
}

/**
 * @param {import("./types.d.ts").LinkView} link
 * @param {(name: string) => { x: number, y: number }} at
 */
function drawLinkLabel({ ends, state, note }, at) {
  const label = state === "down" ? "✕" : state === "up" ? "" : note;
  if (label === "") return svg("g");
  const [from, to] = ends.map(at);
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const halfWidth = state === "down" ? 9 : label.length * 3.2 + 8;
  return svg("g", { class: `link-label link-label-${state}` }, [
    svg("rect", {
      x: x - halfWidth,
      y: y - 9,
      width: 2 * halfWidth,
      height: 18,
      rx: 9,
    }),
    svg("text", { x, y: y + 4, "text-anchor": "middle" }, [label]),
  ]);
}

/**
 * @param {import("./types.d.ts").ServerView} server
 * @param {{ x: number, y: number }} place
 * @param {number} serverCount
 */
function drawServer({ name, index, state, note }, { x, y }, serverCount) {
  const isCrowded = serverCount >= crowd;
  const radius = isCrowded ? 6 : 12;
  const side = (x - width / 2) / (width / 2 - marginX);
  const isBeside = Math.abs(side) > 0.25 && serverCount > 2;
  const isAbove = y < height / 2 - 1;
  const gap = radius + 6;
  const label = isCrowded ? spoke({ x, y }, gap) : {
    x: isBeside ? x + Math.sign(side) * gap : x,
    y: isBeside ? y + 4 : isAbove ? y - gap : y + gap + 9,
    "text-anchor": !isBeside ? "middle" : side > 0 ? "start" : "end",
  };
  return svg("g", {
    class: `server ${colourClass(index)} is-${state.replace(" ", "-")}`,
    "data-server": name,
    "data-state": state,
  }, [
    svg("title", {}, [`${name}: ${state}${note === "" ? "" : `: ${note}`}`]),
    svg("circle", { cx: x, cy: y, r: radius }),
    svg("text", { x, y: y + 4, "text-anchor": "middle", class: "symbol" }, [
      symbols[state],
    ]),
    svg("text", { ...label, class: "server-name" }, [cut(name, maxNameLength)]),
    ...(state === "ready" || state === "unseen" || isCrowded ? [] : [
      svg("text", { ...label, y: label.y + 13, class: "server-state" }, [
        state,
      ]),
    ]),
  ]);
}

/**
 * The attributes of a name that points away from the middle.
 *
 * @param {{ x: number, y: number }} place
 * @param {number} gap
 */
function spoke({ x, y }, gap) {
  const angle = Math.atan2(y - height / 2, x - width / 2) * 180 / Math.PI;
  const isLeft = Math.abs(angle) > 90;
  return {
    x: isLeft ? x - gap : x + gap,
    y: y + 4,
    "text-anchor": isLeft ? "end" : "start",
    transform: `rotate(${round(isLeft ? angle + 180 : angle)} ${x} ${y})`,
  };
}

/**
 * The graph as text. The table of servers has more details.
 *
 * @param {readonly import("./types.d.ts").ServerView[]} servers
 * @param {readonly import("./types.d.ts").LinkView[]} links
 */
function summary(servers, links) {
  const odd = [
    ...servers.filter(({ state }) => state !== "ready")
      .map(({ name, state }) => `${name} is ${state}`),
    ...links.filter(({ state }) => state !== "up")
      .map(({ ends, state, note }) =>
        `the link ${ends.join(" to ")} is ${state} ${note}`.trim()
      ),
  ];
  const all = `${counted(servers.length, "server")}, ` +
    `${counted(links.length, "link")}`;
  return odd.length === 0 ? `${all}, all up` : `${all}: ${odd.join("; ")}`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
