/**
 * Lines once more, as docs/PROTOCOL.md words them: slow, obvious, and without a
 * line of protocol/.
 *
 * @module
 */

/** What there is in a stream. */
export interface Lines {
  /** Those before the first that is too long, each without its LF. */
  readonly whole: readonly string[];
  /** The bytes behind the last LF: "a last line without LF counts too". */
  readonly last: string;
  /** The first line that is too long, as far as it goes. */
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
