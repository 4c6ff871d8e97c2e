/**
 * Rates and quantiles of the last two minutes, by the second, from differences
 * of the servers' counters.
 *
 * @module
 */

import { pagePlots } from "./status_fields.js";
import { quantileOf, valueAt } from "./values.js";

/** Time span of the plots. */
export const spanSeconds = 120;
/** Quantiles are taken over this time, so that they do not fluctuate. */
const windowSeconds = 5;
/** A status that follows the last one sooner than this is ignored. */
const leastStepSeconds = 0.5;

/**
 * @typedef {import("./types.d.ts").HerdStatus} HerdStatus
 * @typedef {import("./types.d.ts").ServerStatus} ServerStatus
 * @typedef {import("../../server/status/distribution.ts").Distribution} Distribution
 * @typedef {object} Point
 * @property {number} time The uptime of the servers, in seconds.
 * @property {readonly number[]} updates Updates per second, by the server's index in the herd file.
 * @property {number} elsewhere Updates per second received by servers of other processes.
 * @property {Readonly<Record<string, Quantiles>>} quantiles By the titles of their plots.
 * @typedef {{ p50: number, p99: number } | null} Quantiles In seconds; null without measurements.
 */

export class History {
  /** @type {Point[]} */
  points = [];
  /**
   * The statuses of the last `windowSeconds`.
   *
   * @type {HerdStatus[]}
   */
  #recent = [];

  /** Updates of all servers in the last second; undefined if not known yet. */
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
   * @returns {boolean} Whether a point was added.
   */
  add(status) {
    const previous = this.#recent.at(-1);
    if (previous === undefined) {
      this.#recent.push(status);
      return false;
    }
    const time = timeOf(status);
    const seconds = time - timeOf(previous);
    if (seconds < leastStepSeconds) return false;
    const first = this.#recent[0];
    this.points.push({
      time,
      ...updateRates(status, previous, seconds),
      quantiles: Object.fromEntries(
        pagePlots.map(({ path, title }) => [
          title,
          quantiles(status, first, path),
        ]),
      ),
    });
    this.#recent.push(status);
    const isOld = (/** @type {HerdStatus} */ earlier) =>
      time - timeOf(earlier) > windowSeconds - leastStepSeconds;
    while (this.#recent.length > 1 && isOld(this.#recent[0])) {
      this.#recent.shift();
    }
    while (time - this.points[0].time > spanSeconds) {
      this.points.shift();
    }
    return true;
  }
}

/**
 * The uptime of the servers, which does not change when the clock is set.
 *
 * @param {HerdStatus} status
 */
function timeOf({ servers }) {
  return servers[0]?.uptimeSeconds ?? 0;
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
  // Every server gets the updates of all servers. Those that did not come from
  // clients of the servers in this process came from elsewhere.
  const here = updates.reduce((sum, rate) => sum + rate, 0);
  const everywhere = Math.max(
    0,
    ...servers.map(({ name }) => since(name, ({ reports }) => reports.newer)),
  );
  const isWhole = servers.length === herd.servers.length;
  return { updates, elsewhere: isWhole ? 0 : Math.max(0, everywhere - here) };
}

/**
 * Updates per second of all servers.
 *
 * @param {Point} point
 */
export function totalUpdates({ updates, elsewhere }) {
  return updates.reduce((sum, rate) => sum + rate, elsewhere);
}

/**
 * The growth of a counter. One that shrank was reset to 0 by a restart.
 *
 * @param {number} now
 * @param {number | undefined} before
 */
function growth(now, before = 0) {
  return now < before ? now : now - before;
}

/**
 * The quantiles of all servers' durations since an earlier status.
 *
 * @param {HerdStatus} status
 * @param {HerdStatus} earlier
 * @param {readonly string[]} path The path to the distribution.
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
  // Values above the last bound are shown as that bound.
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
