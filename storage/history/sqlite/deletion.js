// @ts-check
/**
 * Deletes the reports of a client from a file.
 *
 * @module
 */
import { all, numberOf, run } from "./day_file.js";

/** @import { Day } from "./day_file.js" */

/**
 * @typedef {object} PartlyDeleted A block of which a deletion may take a part.
 * @property {number} day
 * @property {number} seq
 * @property {Uint8Array} lines
 */

/**
 * @typedef {object} DeletionStep
 * @property {number} deleted How many records it has deleted.
 * @property {PartlyDeleted[]} partly
 * @property {[first: number, seq: number] | undefined} last The last block that
 * it has looked at; undefined if there is none after it.
 */

/**
 * Deletes the blocks of a client that were heard before a second, and returns
 * those that were heard in it too.
 *
 * @param {Day} open
 * @param {string} client
 * @param {number} seconds
 * @param {[first: number, seq: number]} past Only blocks after this one.
 * @param {number} limit Most blocks to look at.
 * @returns {DeletionStep}
 */
export function deleteBlocks(open, client, seconds, [first, seq], limit) {
  /** @type {PartlyDeleted[]} */
  const partly = [];
  const number = numberOf(open, client);
  if (number === undefined) return { deleted: 0, partly, last: undefined };
  const rows = all(
    open,
    "SELECT first, seq, heard_from, heard_to, records FROM blocks " +
      "WHERE client = ? AND (first, seq) > (?, ?) ORDER BY first, seq LIMIT ?",
    [number, first, seq, limit],
  );
  let deleted = 0;
  for (const row of rows) {
    if (Number(row.heard_from) > seconds) continue;
    const seq = Number(row.seq);
    if (Number(row.heard_to) < seconds) {
      run(open, "DELETE FROM blocks WHERE seq = ?", [seq]);
      deleted += Number(row.records);
      continue;
    }
    const [{ lines }] = all(
      open,
      "SELECT lines FROM blocks WHERE seq = ?",
      [seq],
    );
    const bytes = /** @type {Uint8Array} */ (lines);
    partly.push({ day: open.day, seq, lines: bytes });
  }
  run(open, "UPDATE counts SET records = records - ?", [deleted]);
  const end = rows.length < limit ? undefined : rows.at(-1);
  return {
    deleted,
    partly,
    last: end && [Number(end.first), Number(end.seq)],
  };
}

/**
 * Removes the ID of a client that has no block any more. False if the file does
 * not have the client.
 *
 * @param {Day} open
 * @param {string} client
 */
export function removeUnused(open, client) {
  const number = numberOf(open, client);
  if (number === undefined) return false;
  const blocks = all(open, "SELECT 1 FROM blocks WHERE client = ? LIMIT 1", [
    number,
  ]);
  if (blocks.length > 0) return true;
  open.numbers.delete(client);
  run(open, "DELETE FROM clients WHERE number = ?", [number]);
  return true;
}

/**
 * Replaces the lines of a block, or removes it.
 *
 * @param {Day} open
 * @param {PartlyDeleted} block With the lines that remain.
 * @param {number} removed How many records it has lost.
 */
export function replaceBlock(open, { lines, seq }, removed) {
  if (lines.length === 0) {
    run(open, "DELETE FROM blocks WHERE seq = ?", [seq]);
  } else {
    run(
      open,
      "UPDATE blocks SET lines = ?, records = records - ? WHERE seq = ?",
      [lines, removed, seq],
    );
  }
  run(open, "UPDATE counts SET records = records - ?", [removed]);
}
