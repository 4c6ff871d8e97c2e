/**
 * Cuts a places service's answer to the bound without formatting it again: the
 * remaining text is the service's own, byte for byte. Items beyond the bound
 * are removed from `results`, and every run of newlines becomes one.
 *
 * @module
 */
import { type ByteString, strictTextOfBytes } from "../protocol/bytes.ts";

/** A service's answer does not have the required shape. */
export class BodyError extends Error {
  override readonly name = "BodyError";
}

/** The answer to a Nearby Search, parsed successfully. */
export class Body {
  /** `OK`, `ZERO_RESULTS`, `REQUEST_DENIED`, ... */
  readonly status: string;
  /** The service's text, with every run of newlines replaced by one. */
  readonly text: ByteString;
  readonly #arrays: readonly ArraySpan[];

  /**
   * @throws {BodyError} If the text is not JSON in the shape of a Nearby
   * Search: an object with an array `results` and a string `status`.
   */
  constructor(text: ByteString) {
    this.status = readStatus(text);
    this.text = squeezeNewlines(text);
    this.#arrays = findResults(this.text);
  }

  /** The text with at most `bound` items in `results`. */
  cut(bound: number): ByteString {
    let kept = "";
    let copied = 0;
    for (const { end, itemEnds, start } of this.#arrays) {
      if (bound === 0 || itemEnds.length === 0) {
        kept += this.text.slice(copied, start) + "[]";
        copied = end;
      } else if (bound < itemEnds.length) {
        kept += this.text.slice(copied, itemEnds[bound - 1]);
        copied = itemEnds[itemEnds.length - 1];
      }
    }
    return kept + this.text.slice(copied);
  }
}

function readStatus(body: ByteString): string {
  let json;
  try {
    // Parsed only for validation and the status; the text is sent, not this
    // value.
    json = JSON.parse(strictTextOfBytes(body));
  } catch {
    throw new BodyError("the body is not JSON");
  }
  if (
    typeof json !== "object" || json === null ||
    !Array.isArray(json.results) || typeof json.status !== "string"
  ) {
    throw new BodyError("the body has no results and status");
  }
  return json.status;
}

/**
 * Replaces every run of newlines by one. The reply has a newline before the
 * body and two after it, so the body's first and last newlines are removed. A
 * JSON string cannot contain a newline, so no value changes. A newline is LF or
 * CRLF. A CR after the last newline is removed too: with the LF after the body
 * it would make an empty line.
 */
function squeezeNewlines(text: ByteString): ByteString {
  const squeezed = text
    .replace(/(\r?\n)(?:\r?\n)+/g, "$1")
    .replace(/^\r?\n/, "");
  // A regular expression would search for the end from every newline.
  let end = squeezed.length;
  while (isLineEnd(squeezed.charCodeAt(end - 1))) end -= 1;
  const newline = squeezed.indexOf("\n", end);
  if (newline < 0) return squeezed;
  const isCrLf = squeezed[newline - 1] === "\r";
  return squeezed.slice(0, isCrLf ? newline - 1 : newline);
}

/** Whether a character is an LF or a CR. */
function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

/** The place of an array and its items in the text. */
interface ArraySpan {
  /** The index of `[`. */
  readonly start: number;
  /** The index after `]`. */
  readonly end: number;
  /** The index after each item. */
  readonly itemEnds: readonly number[];
}

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Finds the arrays under the key `results` of the outermost object. The body is
 * valid JSON, so it is enough to recognize strings, brackets and braces.
 */
function findResults(body: ByteString): ArraySpan[] {
  const spans: ArraySpan[] = [];
  let index = skipSpace(body, body.indexOf("{") + 1);
  while (body.charCodeAt(index) === quote) {
    const keyEnd = skipString(body, index);
    const key = JSON.parse(body.slice(index, keyEnd));
    const valueStart = skipSpace(body, skipSpace(body, keyEnd) + 1);
    if (key === "results" && body.charCodeAt(valueStart) === openBracket) {
      const span = measureArray(body, valueStart);
      spans.push(span);
      index = span.end;
    } else {
      index = skipValue(body, valueStart);
    }
    index = skipComma(body, index);
  }
  return spans;
}

function measureArray(body: ByteString, start: number): ArraySpan {
  const itemEnds: number[] = [];
  let index = skipSpace(body, start + 1);
  while (body.charCodeAt(index) !== closeBracket) {
    const itemEnd = skipValue(body, index);
    itemEnds.push(itemEnd);
    index = skipComma(body, itemEnd);
  }
  return { start, end: index + 1, itemEnds };
}

/** The index after the value that starts at `start`. */
function skipValue(body: ByteString, start: number): number {
  let depth = 0;
  let index = start;
  do {
    const code = body.charCodeAt(index);
    if (code === quote) {
      index = skipString(body, index);
      continue;
    }
    if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) depth -= 1;
    else if (depth === 0) return skipScalar(body, index);
    index += 1;
  } while (depth > 0);
  return index;
}

/** The index after a number, `true`, `false` or `null`. */
function skipScalar(body: ByteString, start: number): number {
  const scalar = /[^\s,\]}]+/y;
  scalar.lastIndex = start;
  scalar.test(body);
  return scalar.lastIndex;
}

/** The index after the string that starts at `start`. */
function skipString(body: ByteString, start: number): number {
  let index = start + 1;
  while (true) {
    const code = body.charCodeAt(index);
    if (code === quote) return index + 1;
    index += code === backslash ? 2 : 1;
  }
}

/** The index of the token after a value and its comma, if it has one. */
function skipComma(body: ByteString, start: number): number {
  const index = skipSpace(body, start);
  return body.charCodeAt(index) === comma ? skipSpace(body, index + 1) : index;
}

/** The index of the next character that is not white space. */
function skipSpace(body: ByteString, start: number): number {
  let index = start;
  while (isSpace(body.charCodeAt(index))) index += 1;
  return index;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
