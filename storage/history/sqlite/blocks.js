// @ts-check
/**
 * Makes blocks of the records of a batch. A block becomes a row: the records of
 * one client that came in one batch and are close in time, as lines. A block of a
 * busy client has hundreds of records, and costs as much as one record would in
 * a row of its own.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/**
 * @typedef {object} BlockLimits
 * @property {number} headBytes The head of a record in a batch.
 * @property {number} maxBlockNanoseconds Longest time from the first record of a
 * block to the last one.
 * @property {number} maxBlockBytes Most bytes of a block with several records.
 */

/**
 * @typedef {object} Entry A record in a batch.
 * @property {number} day
 * @property {number} at Its effective time, in nanoseconds since the day began.
 * @property {number} heard When it was heard, in whole seconds.
 * @property {string} client
 * @property {number} start Where it begins in the batch.
 * @property {number} end
 */

/**
 * @typedef {object} Block Records of one client that become one row.
 * @property {string} client
 * @property {number} first The effective time of its first record, in
 * nanoseconds since the day began.
 * @property {number} last
 * @property {number} heardFrom When its first record was heard, in whole seconds.
 * @property {number} heardTo
 * @property {number} bytes
 * @property {number[]} places Where its records begin and end in the batch.
 */

const lineFeed = 10;

const { latin1Slice } = /** @type {any} */ (Buffer.prototype);

/**
 * Bytes as a string with a character for each.
 *
 * @param {Uint8Array} bytes
 * @param {number} [start]
 * @param {number} [end]
 * @returns {string}
 */
export function textOf(bytes, start = 0, end = bytes.length) {
  return latin1Slice.call(bytes, start, end);
}

/**
 * The bytes of such a string.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export function bytesOf(text) {
  return Buffer.from(text, "latin1");
}

/**
 * The records of a batch as blocks, by their days.
 *
 * @param {Uint8Array} bytes
 * @param {DataView} view The same memory.
 * @param {BlockLimits} limits
 * @param {(entry: Entry) => boolean} [isTaken] All are taken by default.
 */
export function blocksOf(bytes, view, limits, isTaken = () => true) {
  const { headBytes, maxBlockBytes, maxBlockNanoseconds } = limits;
  /** @type {Map<number, Block[]>} */
  const days = new Map();
  /** @type {Map<string, Block>} */
  let last = new Map();
  let lastDay = NaN;
  /** @type {Map<number, Map<string, Block>>} */
  const lasts = new Map();
  for (let at = 0; at < bytes.length;) {
    const start = at + headBytes;
    const end = start + view.getInt32(at, true);
    const clientStart = start + view.getInt32(at + 8, true);
    const clientEnd = clientStart + view.getInt32(at + 12, true);
    const entry = {
      day: view.getInt32(at + 20, true),
      at: view.getFloat64(at + 24, true),
      heard: view.getFloat64(at + 32, true),
      client: textOf(bytes, clientStart, clientEnd),
      start,
      end,
    };
    at = end;
    if (!isTaken(entry)) continue;
    if (entry.day !== lastDay) {
      lastDay = entry.day;
      last = lasts.get(lastDay) ?? new Map();
      lasts.set(lastDay, last);
    }
    const block = last.get(entry.client);
    if (block !== undefined && block.bytes + end - start < maxBlockBytes) {
      const first = Math.min(block.first, entry.at);
      const latest = Math.max(block.last, entry.at);
      if (latest - first <= maxBlockNanoseconds) {
        block.first = first;
        block.last = latest;
        block.heardFrom = Math.min(block.heardFrom, entry.heard);
        block.heardTo = Math.max(block.heardTo, entry.heard);
        block.bytes += end - start + 1;
        block.places.push(start, end);
        continue;
      }
    }
    const begun = {
      client: entry.client,
      first: entry.at,
      last: entry.at,
      heardFrom: entry.heard,
      heardTo: entry.heard,
      bytes: end - start,
      places: [start, end],
    };
    last.set(entry.client, begun);
    const blocks = days.get(entry.day);
    if (blocks === undefined) days.set(entry.day, [begun]);
    else blocks.push(begun);
  }
  return days;
}

/**
 * The lines of a block.
 *
 * @param {Uint8Array} bytes
 * @param {Block} block
 */
export function linesOf(bytes, { bytes: size, places }) {
  if (places.length === 2) return bytes.subarray(places[0], places[1]);
  const lines = new Uint8Array(size);
  let at = 0;
  for (let index = 0; index < places.length; index += 2) {
    if (index > 0) lines[at++] = lineFeed;
    const record = bytes.subarray(places[index], places[index + 1]);
    lines.set(record, at);
    at += record.length;
  }
  return lines;
}
