/**
 * Divides text that comes in pieces into lines.
 *
 * @module
 */
import { maxRowLength } from "./limits.ts";

/** A line of a file. */
export interface FileLine {
  /** Counted from 1. */
  readonly line: number;
  /** Undefined if it is longer than `maxRowLength`. */
  readonly text: string | undefined;
}

export class LineSplitter {
  #rest = "";
  #line = 1;
  /** Whether the line that is being read is too long. */
  #isTooLong = false;

  /** The lines that end in this text, without LF, or CR and LF. */
  *push(text: string): Generator<FileLine> {
    let start = 0;
    for (let end; (end = text.indexOf("\n", start)) >= 0; start = end + 1) {
      yield this.#take(text.slice(start, end));
    }
    this.#keep(text.slice(start));
  }

  /** A last line without its end. */
  *end(): Generator<FileLine> {
    if (this.#rest !== "" || this.#isTooLong) yield this.#take("");
  }

  #keep(text: string): void {
    this.#rest += text;
    if (this.#rest.length <= maxRowLength) return;
    this.#isTooLong = true;
    this.#rest = "";
  }

  #take(end: string): FileLine {
    this.#keep(end);
    const text = this.#isTooLong ? undefined : this.#rest.replace(/\r$/, "");
    this.#rest = "";
    this.#isTooLong = false;
    return { line: this.#line++, text };
  }
}
