/**
 * Puts a line into a buffer where what stands around it would change its
 * meaning, if somebody looked.
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

/** What stands before a line, and behind it. */
const surroundings = [
  ["", ""],
  ["AT Hill ", "5"],
  ["+1", ".5 "],
] as const;

/** The line alone, and among bytes that go on with it. */
export function place(line: ByteString): Placed[] {
  return surroundings.map(([before, behind]) => ({
    bytes: encodeBytes(before + line + behind),
    start: before.length,
    end: before.length + line.length,
  }));
}
