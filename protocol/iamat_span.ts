/**
 * An IAMAT in a buffer. Nearly every line that a busy server receives is one.
 * It is parsed without creating a string, which lets a server accept several
 * times as many reports.
 *
 * @module
 */
import { LastView } from "./bytes.ts";
import { skipField } from "./fields.ts";
import { skipPosition } from "./position.ts";
import { skipTime } from "./time.ts";

const space = 0x20;

/** `IAMAT` and a space. */
const opening = [0x49, 0x41, 0x4d, 0x41, 0x54, space];

/**
 * Where the operands of an IAMAT are. One object is reused for line after line.
 */
export class IamatSpan {
  bytes: Uint8Array = new Uint8Array();
  /** Where the ID begins. Position and time follow, each after one space. */
  clientStart = 0;
  clientEnd = 0;
  /** Where the client's time begins. */
  timeStart = 0;
  /** Where the time ends. */
  end = 0;
  readonly #views = new LastView();

  /** A view of `bytes`. */
  get view(): DataView {
    return this.#views.of(this.bytes);
  }

  /**
   * Parses the line from `start` to `end` (exclusive, without its LF). False if
   * it is not a valid IAMAT, or has more white space than necessary: then
   * `parseCommand` must parse it.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start <= opening.length) return false;
    for (let index = 0; index < opening.length; index++) {
      if (bytes[start + index] !== opening[index]) return false;
    }
    return this.readOperands(bytes, start + opening.length, end) &&
      this.end === end;
  }

  /**
   * Parses the operands of an IAMAT or an AT line, from `clientStart` on. What
   * follows the time, up to `end`, is left to the caller.
   */
  readOperands(bytes: Uint8Array, clientStart: number, end: number): boolean {
    const clientEnd = skipField(bytes, clientStart, end);
    if (clientEnd === clientStart || bytes[clientEnd] !== space) return false;
    const positionEnd = skipPosition(bytes, clientEnd + 1, end);
    if (positionEnd < 0 || bytes[positionEnd] !== space) return false;
    const timeEnd = skipTime(bytes, positionEnd + 1, end);
    if (timeEnd < 0) return false;
    this.bytes = bytes;
    this.clientStart = clientStart;
    this.clientEnd = clientEnd;
    this.timeStart = positionEnd + 1;
    this.end = timeEnd;
    return true;
  }
}
