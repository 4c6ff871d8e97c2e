/**
 * The lines of records, in pieces: a snapshot, or a batch for a tail.
 *
 * @module
 */
import { allocateBuffer, type ByteString } from "../protocol/bytes.ts";
import type { RecordWalk } from "../replica/records.ts";
import { checksumBytes, formatLine, sealLine } from "./file_line.ts";
import type { TurnTaker } from "./line_reader.ts";
import { maxFileLineBytes, pieceBytes, recordsPerCheck } from "./limits.ts";

/** Some lines. */
export interface Piece {
  /** Valid until the next piece is made. */
  readonly bytes: Uint8Array;
  /** How many records there are. */
  readonly records: number;
}

/** Makes pieces of records. One object can be used for text after text. */
export class RecordText {
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #walk: RecordWalk | undefined;
  #opening: readonly ByteString[] = [];

  /**
   * Begins another text.
   *
   * @param opening The texts of its first lines.
   */
  begin(walk: RecordWalk, opening: readonly ByteString[]): void {
    this.#walk = walk;
    this.#opening = opening;
  }

  /**
   * The next piece, made in turns of the event loop; without bytes after the last
   * one.
   */
  async next({ turns, workload }: TurnTaker): Promise<Piece> {
    this.#buffer ??= allocateBuffer(pieceBytes + maxFileLineBytes);
    const buffer = this.#buffer;
    let filled = 0;
    for (const text of this.#opening) {
      const line = formatLine(text);
      buffer.set(line, filled);
      filled += line.length;
    }
    this.#opening = [];
    let records = 0;
    await turns.begin(workload);
    for (let count = 1; filled < pieceBytes; count++) {
      const record = this.#walk?.next();
      if (record === undefined) break;
      if (record !== "expired") {
        const { bytes, recordEnd, start } = record;
        buffer.set(bytes.subarray(start, recordEnd), filled + checksumBytes);
        filled = sealLine(buffer, filled, recordEnd - start);
        records += 1;
      }
      if (count % recordsPerCheck === 0 && turns.end(workload)) {
        await turns.begin(workload);
      }
    }
    turns.end(workload);
    return { bytes: buffer.subarray(0, filled), records };
  }
}
