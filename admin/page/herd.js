/**
 * Derives the state of every server and link of the herd from the status. The
 * states of servers in other processes follow from their neighbours' links.
 *
 * @module
 */
import { count, duration } from "./format.js";

/** A link is behind when at least this number of reports wait for it. */
const behindReports = 100;

/**
 * @param {import("./types.d.ts").HerdStatus} status
 * @returns {import("./types.d.ts").ServerView[]} In the herd file's order.
 */
export function viewServers({ herd, servers }) {
  return herd.servers.map(({ name }, index) => {
    const status = servers.find((server) => server.name === name);
    const seen = status === undefined
      ? seenFromOutside(name, servers)
      : { state: stateOf(status), note: status.notReady ?? "" };
    return { name, index, status, ...seen };
  });
}

/**
 * @param {import("./types.d.ts").ServerStatus} status
 * @returns {import("./types.d.ts").ServerView["state"]}
 */
function stateOf({ isStopping, notReady }) {
  if (isStopping) return "stopping";
  return notReady === null ? "ready" : "not ready";
}

/**
 * @param {string} name
 * @param {readonly import("./types.d.ts").ServerStatus[]} servers
 * @returns {Pick<import("./types.d.ts").ServerView, "state" | "note">}
 */
function seenFromOutside(name, servers) {
  const links = servers.flatMap(({ links }) => links)
    .filter(({ neighbour }) => neighbour === name);
  if (links.length === 0) return { state: "unseen", note: "" };
  const isUp = links.some(({ isUp }) => isUp);
  return { state: isUp ? "reachable" : "down", note: "" };
}

/**
 * @param {import("./types.d.ts").HerdStatus} status
 * @returns {import("./types.d.ts").LinkView[]} In the herd file's order.
 */
export function viewLinks({ herd, servers, time }) {
  return herd.links.map((ends) => {
    const [left, right] = ends;
    const seen = [[left, right], [right, left]].flatMap(([from, to]) =>
      servers.find(({ name }) => name === from)?.links
        .filter(({ neighbour }) => neighbour === to) ?? []
    );
    return { ends, ...stateOfLink(seen, time) };
  });
}

/**
 * @param {readonly import("./types.d.ts").LinkStatus[]} seen The link's status
 *   at each end that is known.
 * @param {number} time
 * @returns {Pick<import("./types.d.ts").LinkView, "state" | "note">}
 */
function stateOfLink(seen, time) {
  const down = seen.find(({ isUp }) => !isUp);
  if (seen.length === 0) return { state: "unseen", note: "" };
  if (down !== undefined) {
    const why = down.lastFailure === null ? "" : `: ${down.lastFailure}`;
    return {
      state: "down",
      note: `for ${duration(time - down.since)}${why}`,
    };
  }
  // The end where more reports wait counts.
  const waiting = Math.max(...seen.map((link) => link.waitingReports));
  if (waiting >= behindReports) {
    return { state: "behind", note: `${count(waiting)} behind` };
  }
  if (seen.some(({ isCaughtUp }) => !isCaughtUp)) {
    return { state: "catching up", note: "" };
  }
  return { state: "up", note: "" };
}
