/**
 * The table of servers: all that the graph shows, in numbers and words.
 *
 * @module
 */
import { html, setText } from "./dom.js";
import { bytes, count, cut, duration } from "./format.js";
import { colourClass } from "./palette.js";

/**
 * @typedef {import("./types.d.ts").ServerStatus} ServerStatus
 * @type {readonly { head: string, isNumber: boolean, text: (server: ServerStatus, time: number) => string }[]}
 */
const columns = [
  { head: "Clients", isNumber: true, text: ({ clients }) => count(clients) },
  {
    head: "Connections",
    isNumber: true,
    text: ({ connections }) => count(connections.open),
  },
  { head: "IAMAT", isNumber: true, text: ({ lines }) => count(lines.iamat) },
  {
    head: "WHATSAT",
    isNumber: true,
    text: ({ lines }) => count(lines.whatsat),
  },
  {
    head: "Invalid",
    isNumber: true,
    text: ({ lines }) => count(lines.invalid),
  },
  { head: "Links", isNumber: false, text: describeLinks },
  { head: "Log", isNumber: false, text: describeLog },
  {
    head: "Places",
    isNumber: false,
    text: ({ places }) => tally(places.requests),
  },
  {
    head: "Limit hits",
    isNumber: false,
    text: ({ limitHits }) => tally(limitHits),
  },
  {
    head: "Memory",
    isNumber: true,
    text: ({ memoryBytes }) => bytes(memoryBytes),
  },
  {
    head: "Up for",
    isNumber: true,
    text: ({ startedAt }, time) => duration(time - startedAt),
  },
];

export class ServersTable {
  #body = html("tbody", { role: "rowgroup" });

  /** @param {HTMLElement} parent */
  constructor(parent) {
    const heads = ["Server", ...columns.map(({ head }) => head)];
    // Roles in words: on narrow screens the style makes blocks of the rows,
    // which would take theirs away.
    parent.append(
      html("table", { role: "table" }, [
        html("caption", { class: "unseen" }, [
          "The servers: counts since each one's start. Memory is that of the " +
          "whole process.",
        ]),
        html("thead", { role: "rowgroup" }, [
          html(
            "tr",
            { role: "row" },
            heads.map((head, index) =>
              html("th", {
                scope: "col",
                role: "columnheader",
                class: columns[index - 1]?.isNumber ? "number" : "",
              }, [head])
            ),
          ),
        ]),
        this.#body,
      ]),
    );
  }

  /**
   * @param {readonly import("./types.d.ts").ServerView[]} servers
   * @param {number} time POSIX seconds.
   */
  show(servers, time) {
    const rows = [...this.#body.children];
    const isSame = rows.length === servers.length &&
      rows.every((row, index) => row.id === rowId(servers[index]));
    if (!isSame) this.#body.replaceChildren(...servers.map(createRow));
    for (const [index, server] of servers.entries()) {
      fillRow(this.#body.children[index], server, time);
    }
  }
}

/** @param {import("./types.d.ts").ServerView} server */
function rowId({ index, name }) {
  return `server ${index} ${name}`;
}

/** @param {import("./types.d.ts").ServerView} server */
function createRow(server) {
  return html("tr", { role: "row", id: rowId(server) }, [
    html("th", { scope: "row", role: "rowheader" }, [
      html("span", { class: `name mark ${colourClass(server.index)}` }, [
        cut(server.name, 60),
      ]),
      html("span", { class: "state" }),
    ]),
    ...columns.map(({ head, isNumber }) =>
      html("td", {
        role: "cell",
        "data-label": head,
        class: isNumber ? "number" : "",
      })
    ),
  ]);
}

/**
 * @param {Element} row
 * @param {import("./types.d.ts").ServerView} server
 * @param {number} time
 */
function fillRow(row, { state, note, status }, time) {
  row.setAttribute("data-state", state);
  const [head, ...cells] = row.children;
  const described = state === "unseen" ? "not seen from here" : state;
  setText(head.children[1], cut(note === "" ? described : note, 120));
  for (const [index, cell] of cells.entries()) {
    setText(
      cell,
      status === undefined ? "–" : columns[index].text(status, time),
    );
  }
}

/**
 * @param {ServerStatus} server
 * @param {number} time
 */
function describeLinks({ links }, time) {
  const up = links.filter(({ isUp }) => isUp).length;
  return [
    `${up} of ${links.length} up`,
    ...links.flatMap(({ neighbour, isUp, since, lastFailure, ...link }) => {
      if (!isUp) {
        const why = lastFailure === null ? "" : `: ${cut(lastFailure, 80)}`;
        return [`${neighbour} down for ${duration(time - since)}${why}`];
      }
      const { waitingReports } = link;
      if (waitingReports > 0) {
        return [`${neighbour} ${count(waitingReports)} behind`];
      }
      return link.isCaughtUp ? [] : [`${neighbour} catching up`];
    }),
  ].join("; ");
}

/** @param {ServerStatus} server */
function describeLog({ log }) {
  const parts = [];
  if (log.fault !== null) parts.push(cut(log.fault, 80));
  if (log.lostLines > 0) parts.push(`${count(log.lostLines)} lines lost`);
  parts.push(log.lagBytes > 0 ? `${bytes(log.lagBytes)} behind` : "written");
  return parts.join("; ");
}

/** @param {Readonly<Record<string, number>>} counts */
function tally(counts) {
  return Object.entries(counts)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${cut(name, 40)} ${count(value)}`)
    .join(", ") || "none";
}
