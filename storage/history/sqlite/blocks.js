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
 * @property {number} day
 * @property {number} clientStart Where the ID of the client is in the batch.
 * @property {number} clientEnd
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
export function blocksOf(bytes, view, limits, isTaken) {
  const { headBytes, maxBlockBytes, maxBlockNanoseconds } = limits;
  /** @type {Map<number, Block[]>} */
  const days = new Map();
  // The last block of each client and day, by a hash: of those with equal hashes
  // only the last one is found, and nothing else depends on it.
  /** @type {Map<number, Block>} */
  const found = new Map();
  for (let at = 0; at < bytes.length;) {
    const start = at + headBytes;
    const end = start + view.getInt32(at, true);
    const clientStart = start + view.getInt32(at + 8, true);
    const clientEnd = clientStart + view.getInt32(at + 12, true);
    const day = view.getInt32(at + 20, true);
    const time = view.getFloat64(at + 24, true);
    const heard = view.getFloat64(at + 32, true);
    at = end;
    if (isTaken !== undefined) {
      const client = textOf(bytes, clientStart, clientEnd);
      if (!isTaken({ day, at: time, heard, client, start, end })) continue;
    }
    const hash = hashOf(view, clientStart, clientEnd, day);
    const block = found.get(hash);
    if (
      block !== undefined && block.day === day &&
      block.bytes + end - start < maxBlockBytes &&
      isEqual(bytes, clientStart, clientEnd, block)
    ) {
      const first = Math.min(block.first, time);
      const last = Math.max(block.last, time);
      if (last - first <= maxBlockNanoseconds) {
        block.first = first;
        block.last = last;
        block.heardFrom = Math.min(block.heardFrom, heard);
        block.heardTo = Math.max(block.heardTo, heard);
        block.bytes += end - start + 1;
        block.places.push(start, end);
        continue;
      }
    }
    const begun = {
      day,
      clientStart,
      clientEnd,
      first: time,
      last: time,
      heardFrom: heard,
      heardTo: heard,
      bytes: end - start,
      places: [start, end],
    };
    found.set(hash, begun);
    const blocks = days.get(day);
    if (blocks === undefined) days.set(day, [begun]);
    else blocks.push(begun);
  }
  return days;
}

/** An odd number without a pattern in its bits, to mix a hash. */
const mixer = 0x9e3779b1;

/**
 * A hash of a client's ID and a day.
 *
 * @param {DataView} view
 * @param {number} start
 * @param {number} end
 * @param {number} day
 */
function hashOf(view, start, end, day) {
  let hash = day;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), mixer);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) {
    hash = Math.imul(hash ^ view.getUint8(at), mixer);
    hash ^= hash >>> 15;
  }
  return hash;
}

/**
 * Whether an ID is that of a block.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 * @param {Block} block
 */
function isEqual(bytes, start, end, { clientEnd, clientStart }) {
  if (clientEnd - clientStart !== end - start) return false;
  for (let at = start, other = clientStart; at < end; at++, other++) {
    if (bytes[at] !== bytes[other]) return false;
  }
  return true;
}

/**
 * The lines of a block.
 *
 * @param {Uint8Array} bytes
 * @param {DataView} view The same memory.
 * @param {Block} block
 */
export function linesOf(bytes, view, { bytes: size, places }) {
  if (places.length === 2) return bytes.subarray(places[0], places[1]);
  const lines = new Uint8Array(size);
  const target = new DataView(lines.buffer);
  let at = 0;
  for (let index = 0; index < places.length; index += 2) {
    if (index > 0) lines[at++] = lineFeed;
    const end = places[index + 1];
    let from = places[index];
    // Records are short: a copy by `set` takes twice as long.
    for (; from + 4 <= end; from += 4, at += 4) {
      target.setInt32(at, view.getInt32(from));
    }
    for (; from < end; from++, at++) lines[at] = bytes[from];
  }
  return lines;
}
