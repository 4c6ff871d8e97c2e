/**
 * A snapshot that is being written: the lines of all records, in pieces.
 *
 * @module
 */
import { allocateBuffer } from "../protocol/bytes.ts";
import type { RecordWalk } from "../replica/records.ts";
import { checksumBytes, formatLine, sealLine } from "./file_line.ts";
import type { TurnTaker } from "./line_reader.ts";
import {
  maxFileLineBytes,
  recordsPerCheck,
  snapshotPieceBytes,
} from "./limits.ts";

/** The text of a snapshot. */
export class SnapshotText {
  readonly #walk: RecordWalk;
  readonly #buffer = allocateBuffer(snapshotPieceBytes + maxFileLineBytes);
  #filled = 0;
  #records = 0;

  /** @param opening The texts of its first lines. */
  constructor(walk: RecordWalk, opening: readonly string[]) {
    this.#walk = walk;
    for (const text of opening) {
      const line = formatLine(text);
      this.#buffer.set(line, this.#filled);
      this.#filled += line.length;
    }
  }

  /** How many records it has so far. */
  get records(): number {
    return this.#records;
  }

  /**
   * The next piece, made in turns of the event loop; valid until the next call;
   * empty after the last one.
   */
  async next({ turns, workload }: TurnTaker): Promise<Uint8Array> {
    const buffer = this.#buffer;
    let filled = this.#filled;
    this.#filled = 0;
    await turns.begin(workload);
    for (let count = 1; filled < snapshotPieceBytes; count++) {
      const record = this.#walk.next();
      if (record === undefined) break;
      if (record !== "expired") {
        const { bytes, end, start } = record;
        const lineBytes = end - start;
        buffer.set(bytes.subarray(start, end), filled + checksumBytes);
        filled = sealLine(buffer, filled, lineBytes);
        this.#records += 1;
      }
      if (count % recordsPerCheck === 0 && turns.end(workload)) {
        await turns.begin(workload);
      }
    }
    turns.end(workload);
    return buffer.subarray(0, filled);
  }
}
