/**
 * Positions as AT lines, byte for byte. Attributes are not part of them.
 *
 * @module
 */
import type { PositionFormat } from "./position_format.ts";

/** The format `at`. */
export function atFormat(): PositionFormat {
  return { start: "", position: ({ line }) => `${line}\n`, end: "" };
}
