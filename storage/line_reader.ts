/**
 * Reads the lines of a data folder's file, in turns of the event loop. Damaged
 * lines are named and left out.
 *
 * @module
 */
import { allocateBuffer, indexOfByte } from "../protocol/bytes.ts";
import type { Turns, Workload } from "../runtime/turns.ts";
import type { ReadableData } from "./data_folder.ts";
import { isIntact } from "./file_line.ts";
import { maxFileLineBytes, readBytes, recordsPerCheck } from "./limits.ts";

const lineFeed = 0x0a;

/** Receives what a file contains. */
export interface LineVisitor {
  /** An intact line, from `start` to `end`, without its LF. */
  onLine(bytes: Uint8Array, start: number, end: number): void;
  /** A line that is damaged and not the last one of the file. */
  onDamage(offset: number): void;
}

/** The end of a file. */
export interface FileEnd {
  /** The file's size, in bytes. */
  readonly bytes: number;
  /**
   * Where the last line begins, if it is damaged or incomplete: as after a stop
   * in the middle of a write.
   */
  readonly tornAt: number | undefined;
}

/** Where to take turns. */
export interface TurnTaker {
  readonly turns: Turns;
  readonly workload: Workload;
}

/** Reads a file to its end. */
export async function readLines(
  file: ReadableData,
  visitor: LineVisitor,
  { turns, workload }: TurnTaker,
): Promise<FileEnd> {
  const buffer = allocateBuffer(readBytes + maxFileLineBytes);
  let filled = 0;
  /** Where in the file the buffer begins. */
  let base = 0;
  /** The offset of the damaged line that was read last. */
  let damagedAt: number | undefined;
  const onDamaged = (offset: number | undefined) => {
    if (damagedAt !== undefined) visitor.onDamage(damagedAt);
    damagedAt = offset;
  };
  /** Whether the buffer begins within a line that is too long. */
  let isWithinLine = false;
  while (true) {
    const count = await file.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
    await turns.begin(workload);
    let start = 0;
    for (let lines = 1;; lines++) {
      const end = indexOfByte(buffer, lineFeed, start, filled);
      if (end < 0) break;
      if (isWithinLine) {
        isWithinLine = false;
      } else if (isIntact(buffer, start, end)) {
        if (damagedAt !== undefined) onDamaged(undefined);
        visitor.onLine(buffer, start, end);
      } else {
        onDamaged(base + start);
      }
      start = end + 1;
      if (lines % recordsPerCheck === 0 && turns.end(workload)) {
        await turns.begin(workload);
      }
    }
    turns.end(workload);
    if (start === 0 && filled >= maxFileLineBytes) {
      if (!isWithinLine) onDamaged(base);
      isWithinLine = true;
      start = filled;
    }
    buffer.copyWithin(0, start, filled);
    base += start;
    filled -= start;
  }
  if (filled > 0 && !isWithinLine) onDamaged(base);
  return { bytes: base + filled, tornAt: damagedAt };
}
