/**
 * Puts a line into buffers in which the bytes around it would change its
 * meaning if they were read.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";

/** A line in a buffer. */
export interface Placed {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The bytes before and after a line. */
const surroundings = [
  ["", ""],
  ["AT Hill ", "5"],
  ["+1", ".5 "],
] as const;

/** The line alone, and between bytes that continue it. */
export function place(line: ByteString): Placed[] {
  return surroundings.map(([before, after]) => ({
    bytes: encodeBytes(before + line + after),
    start: before.length,
    end: before.length + line.length,
  }));
}
