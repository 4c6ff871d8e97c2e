/**
 * Derives the state of every server and link of the herd from the status. The
 * states of servers in other processes follow from their summaries, and from
 * their neighbours' links.
 *
 * @module
 */
import { age, count, duration } from "./format.js";

/** A link is behind when at least this number of reports wait for it. */
const behindReports = 100;

/**
 * An older summary says nothing about the present, in seconds. Servers send one
 * every five seconds.
 */
const freshSeconds = 15;

/**
 * @typedef {import("./types.d.ts").HerdStatus} HerdStatus
 * @typedef {import("./types.d.ts").ServerView} ServerView
 * @typedef {import("./types.d.ts").LinkView} LinkView
 * @typedef {Pick<ServerView, "state" | "note">} State
 * @typedef {{ name: string, links: readonly import("./types.d.ts").LinkSummary[] }} Seen
 */

/**
 * The servers whose own state is known: those of this process, and those with a
 * summary that is new enough.
 *
 * @param {HerdStatus} status
 * @returns {Seen[]}
 */
function knownServers({ servers, summaries }) {
  return [
    ...servers,
    ...summaries.filter(({ ageSeconds }) => ageSeconds <= freshSeconds),
  ];
}

/**
 * @param {HerdStatus} status
 * @returns {ServerView[]} In the herd file's order.
 */
export function viewServers(status) {
  const seen = knownServers(status);
  return status.herd.servers.map(({ name }, index) => {
    const here = status.servers.find((server) => server.name === name);
    if (here !== undefined) {
      return { name, index, status: here, age: "now", ...stateOf(here) };
    }
    const summary = status.summaries.find((server) => server.name === name);
    if (summary === undefined) {
      const state = seenFromOutside(name, seen);
      return { name, index, status: undefined, age: "old", ...state };
    }
    const when = age(summary.ageSeconds);
    if (summary.ageSeconds <= freshSeconds) {
      const { note, state } = stateOf(summary);
      const dated = `${note === "" ? state : note}, ${when}`;
      return { name, index, status: summary, age: "new", state, note: dated };
    }
    const { state } = seenFromOutside(name, seen);
    const last = `last heard of ${when}`;
    const note = state === "unseen" ? last : `${state}, ${last}`;
    return { name, index, status: summary, age: "old", state, note };
  });
}

/**
 * The servers whose gateways are known and open: summaries have no gateways.
 *
 * @param {readonly ServerView[]} servers
 */
export function withGateways(servers) {
  return servers.filter(({ status }) =>
    status !== undefined && "gateways" in status &&
    Object.keys(status.gateways.ports).length > 0
  );
}

/**
 * @param {Pick<import("./types.d.ts").ServerStatus, "isStopping" | "notReady">} status
 * @returns {State}
 */
function stateOf({ isStopping, notReady }) {
  const note = notReady ?? "";
  if (isStopping) return { state: "stopping", note };
  return { state: notReady === null ? "ready" : "not ready", note };
}

/**
 * @param {string} name
 * @param {readonly Seen[]} servers
 * @returns {State}
 */
function seenFromOutside(name, servers) {
  const links = servers.flatMap(({ links }) => links)
    .filter(({ neighbour }) => neighbour === name);
  if (links.length === 0) return { state: "unseen", note: "" };
  const isUp = links.some(({ isUp }) => isUp);
  return { state: isUp ? "reachable" : "down", note: "" };
}

/**
 * @param {HerdStatus} status
 * @returns {LinkView[]} In the herd file's order.
 */
export function viewLinks(status) {
  const servers = knownServers(status);
  return status.herd.links.map((ends) => {
    const [left, right] = ends;
    const seen = [[left, right], [right, left]].flatMap(([from, to]) =>
      servers.find(({ name }) => name === from)?.links
        .filter(({ neighbour }) => neighbour === to) ?? []
    );
    return { ends, ...stateOfLink(seen) };
  });
}

/**
 * @param {readonly import("./types.d.ts").LinkSummary[]} seen The link's status
 *   at each end that is known.
 * @returns {Pick<LinkView, "state" | "note">}
 */
function stateOfLink(seen) {
  const down = seen.find(({ isUp }) => !isUp);
  if (seen.length === 0) return { state: "unseen", note: "" };
  if (down !== undefined) {
    const why = down.lastFailure === null ? "" : `: ${down.lastFailure}`;
    return {
      state: "down",
      note: `for ${duration(down.stateSeconds)}${why}`,
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
