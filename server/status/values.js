/**
 * Reads the values of a status. This is JavaScript, as the dashboard runs this
 * very file in the browser.
 *
 * @module
 */

/**
 * The value that a path leads to; undefined if there is none, as a server of an
 * earlier version has fewer fields.
 *
 * @param {unknown} whole
 * @param {readonly string[]} path The names of the fields that lead to it.
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
 * The value that a share of all does not exceed. Within a bucket, values are
 * taken to be spread evenly. Infinite if it is above all bounds.
 *
 * @param {readonly (readonly [bound: number, count: number])[]} buckets
 *   Upper bounds, rising, each with the number of values up to it.
 * @param {number} total How many values there are; one or more.
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
