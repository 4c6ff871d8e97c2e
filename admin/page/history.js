/**
 * The last two minutes, second by second: rates and quantiles from the
 * differences of what the servers count since their start.
 *
 * @module
 */

import { pagePlots } from "./status_fields.js";
import { quantileOf, valueAt } from "./values.js";

/** How far back the plots reach. */
export const spanSeconds = 120;
/** Quantiles are those of so many seconds, or they would jump about. */
const windowSeconds = 5;
/** A status that comes sooner than this after the last is not a point more. */
const leastStepSeconds = 0.5;

/**
 * @typedef {import("./types.d.ts").HerdStatus} HerdStatus
 * @typedef {import("./types.d.ts").ServerStatus} ServerStatus
 * @typedef {import("../../server/status/distribution.ts").Distribution} Distribution
 * @typedef {object} Point
 * @property {number} time POSIX seconds.
 * @property {readonly number[]} updates A second, by server as in the herd file.
 * @property {number} elsewhere Updates a second that came from servers not seen from here.
 * @property {Readonly<Record<string, Quantiles>>} quantiles By the titles of their plots.
 * @typedef {{ p50: number, p99: number } | null} Quantiles In seconds; null where nothing was measured.
 */

export class History {
  /** @type {Point[]} */
  points = [];
  /**
   * The statuses of the last seconds.
   *
   * @type {HerdStatus[]}
   */
  #recent = [];

  /** Of all servers, in the last second; undefined if it is not known yet. */
  get updatesPerSecond() {
    const point = this.points.at(-1);
    return point && totalUpdates(point);
  }

  clear() {
    this.points = [];
    this.#recent = [];
  }

  /**
   * @param {HerdStatus} status
   * @returns {boolean} Whether there is a point more.
   */
  add(status) {
    const previous = this.#recent.at(-1);
    if (previous === undefined) {
      this.#recent.push(status);
      return false;
    }
    const seconds = status.time - previous.time;
    if (seconds < leastStepSeconds) return false;
    const first = this.#recent[0];
    this.points.push({
      time: status.time,
      ...updateRates(status, previous, seconds),
      quantiles: Object.fromEntries(
        pagePlots.map(({ path, title }) => [
          title,
          quantiles(status, first, path),
        ]),
      ),
    });
    this.#recent.push(status);
    const isOld = (/** @type {{ time: number }} */ { time }) =>
      status.time - time > windowSeconds - leastStepSeconds;
    while (this.#recent.length > 1 && isOld(this.#recent[0])) {
      this.#recent.shift();
    }
    while (status.time - this.points[0].time > spanSeconds) {
      this.points.shift();
    }
    return true;
  }
}

/**
 * @param {HerdStatus} status
 * @param {HerdStatus} previous
 * @param {number} seconds
 */
function updateRates({ herd, servers }, previous, seconds) {
  const since = (
    /** @type {string} */ name,
    /** @type {(server: ServerStatus) => number} */ counter,
  ) => {
    const now = servers.find((server) => server.name === name);
    if (now === undefined) return 0;
    const before = previous.servers.find((server) => server.name === name);
    return growth(counter(now), before && counter(before)) / seconds;
  };
  const updates = herd.servers.map(({ name }) =>
    since(name, ({ lines }) => lines.iamat)
  );
  // What a server learned beyond what the servers seen from here were told.
  const here = updates.reduce((sum, rate) => sum + rate, 0);
  const learned = Math.max(
    0,
    ...servers.map(({ name }) => since(name, ({ reports }) => reports.newer)),
  );
  const isWhole = servers.length === herd.servers.length;
  return { updates, elsewhere: isWhole ? 0 : Math.max(0, learned - here) };
}

/**
 * Updates a second of all servers.
 *
 * @param {Point} point
 */
export function totalUpdates({ updates, elsewhere }) {
  return updates.reduce((sum, rate) => sum + rate, elsewhere);
}

/**
 * How much a count has grown; one that shrank began anew.
 *
 * @param {number} now
 * @param {number | undefined} before
 */
function growth(now, before = 0) {
  return now < before ? now : now - before;
}

/**
 * The quantiles of all servers together since an earlier status.
 *
 * @param {HerdStatus} status
 * @param {HerdStatus} earlier
 * @param {readonly string[]} path The way to the distribution.
 * @returns {Quantiles}
 */
function quantiles(status, earlier, path) {
  /** @type {Map<number, number>} */
  const within = new Map();
  let total = 0;
  for (const server of status.servers) {
    const now = distributionAt(server, path);
    if (now === undefined) continue;
    const before = distributionAt(
      earlier.servers.find(({ name }) => name === server.name),
      path,
    );
    const base = before !== undefined && before.count <= now.count
      ? before
      : undefined;
    total += now.count - (base?.count ?? 0);
    for (const [index, [bound, most]] of now.buckets.entries()) {
      const grown = most - (base?.buckets[index]?.[1] ?? 0);
      within.set(bound, (within.get(bound) ?? 0) + grown);
    }
  }
  if (total === 0) return null;
  const buckets = [...within].sort(([left], [right]) => left - right);
  // What is above the last bound is shown as that bound.
  const last = buckets.at(-1)?.[0] ?? 0;
  const quantile = (/** @type {number} */ share) =>
    Math.min(quantileOf(buckets, total, share), last);
  return { p50: quantile(0.5), p99: quantile(0.99) };
}

/**
 * @param {ServerStatus | undefined} server
 * @param {readonly string[]} path
 */
function distributionAt(server, path) {
  return /** @type {Distribution | undefined} */ (valueAt(server, path));
}
