/**
 * A second implementation of lines, after docs/PROTOCOL.md. It is slow and
 * simple, and uses no code of protocol/.
 *
 * @module
 */

/** The lines of a stream. */
export interface Lines {
  /**
   * The lines that end in LF, before the first one that is too long; without
   * LF.
   */
  readonly whole: readonly string[];
  /** The bytes after the last LF: "a last line without LF counts too". */
  readonly last: string;
  /** The first line that is too long, up to its LF or the end of the stream. */
  readonly tooLong: string | undefined;
}

/** "A line is the bytes up to LF." */
export function linesOf(stream: string, maxBytes: number): Lines {
  const pieces = stream.split("\n");
  const tooLong = pieces.find((piece) => piece.length > maxBytes);
  if (tooLong !== undefined) {
    const whole = pieces.slice(0, pieces.indexOf(tooLong));
    return { whole, last: "", tooLong };
  }
  return { whole: pieces.slice(0, -1), last: pieces.at(-1)!, tooLong };
}
