/**
 * The head of the page: the name of the herd or server, its health, and the
 * state of the page's stream.
 *
 * @module
 */
import { byId, setText } from "./dom.js";
import { count, counted, cut, rate, timeOfDay } from "./format.js";

const streamTexts = {
  live: "Live",
  reconnecting: "Reconnecting",
  gone: "Server gone",
  outdated: "Reload this page: the server is another version",
};

/** @param {keyof typeof streamTexts} state */
export function showStreamState(state) {
  const pill = byId("stream");
  pill.dataset.state = state;
  setText(pill, streamTexts[state]);
  document.body.dataset.stream = state;
}

/**
 * @param {import("./types.d.ts").HerdStatus} status
 * @param {readonly import("./types.d.ts").ServerView[]} servers
 * @param {readonly import("./types.d.ts").LinkView[]} links
 */
export function showOverview(status, servers, links) {
  const here = status.servers;
  const size = servers.length;
  const title = here.length === size
    ? `Herd of ${counted(size, "server")}`
    : here.length === 1
    ? `${cut(here[0].name, 40)}, one of ${counted(size, "server")}`
    : `${here.length} of ${counted(size, "server")}`;
  setText(byId("title"), title);

  const seen = servers.filter(({ state }) => state !== "unseen");
  const well = seen.filter(({ state }) =>
    state === "ready" || state === "reachable"
  );
  const seenLinks = links.filter(({ state }) => state !== "unseen");
  const up = seenLinks.filter(({ state }) => state !== "down");
  const isWell = well.length === seen.length && up.length === seenLinks.length;
  const health = byId("health");
  health.dataset.state = isWell ? "well" : "troubled";
  setText(
    health,
    `${isWell ? "✓" : "▲"} ${well.length} of ${
      counted(seen.length, "server")
    } and ${up.length} of ${counted(seenLinks.length, "link")} up`,
  );
  document.title = `${isWell ? "" : "▲ "}${title} · herd`;

  const open = here.reduce((sum, { connections }) => sum + connections.open, 0);
  setText(byId("connections"), count(open));
  setText(byId("clock"), timeOfDay(status.time));
}

/** @param {number | undefined} perSecond Undefined if it is not known yet. */
export function showUpdateRate(perSecond) {
  setText(byId("updates"), perSecond === undefined ? "–" : rate(perSecond));
}

/** @param {number} known */
export function showClientCount(known) {
  setText(byId("clients"), count(known));
}
