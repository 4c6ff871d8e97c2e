/**
 * The last two minutes, second by second: rates and quantiles from the
 * differences of what the servers count since their start.
 *
 * @module
 */

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
 * @property {Quantiles} propagation
 * @property {Quantiles} whatsat
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
      propagation: quantiles(status, first, "propagationSeconds"),
      whatsat: quantiles(status, first, "whatsatSeconds"),
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
 * @param {"propagationSeconds" | "whatsatSeconds"} what
 * @returns {Quantiles}
 */
function quantiles(status, earlier, what) {
  /** @type {Map<number, number>} */
  const within = new Map();
  let total = 0;
  for (const server of status.servers) {
    const now = server[what];
    const before = earlier.servers.find(({ name }) => name === server.name)
      ?.[what];
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
  return {
    p50: quantile(buckets, total, 0.5),
    p99: quantile(buckets, total, 0.99),
  };
}

/**
 * The value that a share of all does not exceed, between the bounds of its
 * bucket by a straight line. Beyond the last bound it is that bound.
 *
 * @param {readonly (readonly [number, number])[]} buckets
 *   [upper bound, how many are at most that]; rising.
 * @param {number} total
 * @param {number} share From 0 to 1.
 */
export function quantile(buckets, total, share) {
  const rank = total * share;
  let [lower, below] = [0, 0];
  for (const [bound, most] of buckets) {
    if (most >= rank && most > below) {
      const part = (rank - below) / (most - below);
      return lower + (bound - lower) * part;
    }
    [lower, below] = [bound, most];
  }
  return lower;
}
