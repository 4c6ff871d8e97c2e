/**
 * A second implementation of lines, after docs/PROTOCOL.md. It is slow and
 * simple, and uses no code of protocol/.
 *
 * @module
 */

/** The lines of a stream. */
export interface Lines {
  /** Lines that end in LF, without it, before the first that is too long. */
  readonly whole: readonly string[];
  /**
   * The bytes after the last LF, which count as a line unless there are none.
   */
  readonly last: string;
  /** The first line that is too long, up to its LF or the end of the stream. */
  readonly tooLong: string | undefined;
}

/** Splits a stream into lines: the bytes up to each LF. */
export function linesOf(stream: string, maxBytes: number): Lines {
  const pieces = stream.split("\n");
  const tooLong = pieces.find((piece) => piece.length > maxBytes);
  if (tooLong !== undefined) {
    const whole = pieces.slice(0, pieces.indexOf(tooLong));
    return { whole, last: "", tooLong };
  }
  return { whole: pieces.slice(0, -1), last: pieces.at(-1)!, tooLong };
}
