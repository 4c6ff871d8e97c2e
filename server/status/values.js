/**
 * Reads the values of a status. This is JavaScript because browsers load the
 * file from the dashboard.
 *
 * @module
 */

/**
 * The value at a path; undefined if there is none, as servers of earlier
 * versions have fewer fields.
 *
 * @param {unknown} whole
 * @param {readonly string[]} path Names of fields, from the outermost.
 * @returns {unknown}
 */
export function valueAt(whole, path) {
  let value = whole;
  for (const name of path) {
    value = /** @type {Record<string, unknown> | undefined} */ (value)?.[name];
  }
  return value;
}

/**
 * A quantile. Values are assumed to be spread evenly within a bucket. Infinite
 * if it is above all bounds.
 *
 * @param {readonly (readonly [bound: number, count: number])[]} buckets
 *   Increasing upper bounds, each with the number of values up to it.
 * @param {number} total The number of values; one or more.
 * @param {number} share From 0 to 1: 0.5 for the median.
 * @returns {number}
 */
export function quantileOf(buckets, total, share) {
  const rank = share * total;
  let lowerBound = 0;
  let below = 0;
  for (const [bound, count] of buckets) {
    if (count >= rank && count > below) {
      const part = Math.max(rank - below, 0) / (count - below);
      return lowerBound + (bound - lowerBound) * part;
    }
    lowerBound = bound;
    below = count;
  }
  return Infinity;
}
