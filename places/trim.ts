/**
 * Cuts a places service's answer to size without printing it again: what is
 * kept is the service's own text, byte for byte. Items past the bound are cut
 * out of `results`, and every run of newlines becomes one.
 *
 * @module
 */
import { type ByteString, strictTextOfBytes } from "../protocol/bytes.ts";

/** The answer that a service gave is not what it should be. */
export class BodyError extends Error {
  override readonly name = "BodyError";
}

/** The answer to a Nearby Search, whole and well formed. */
export class Body {
  /** `OK`, `ZERO_RESULTS`, `REQUEST_DENIED`, ... */
  readonly status: string;
  /** As the service sent it, with every run of newlines made one. */
  readonly text: ByteString;
  readonly #arrays: readonly ArraySpan[];

  /**
   * @throws {BodyError} If the text is not JSON of the shape of a Nearby
   * Search: an object with a list `results` and a text `status`.
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
    // Only to learn whether it is whole and well formed; the result of the
    // parse is never printed.
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
 * Every run of newlines becomes one. The body stands behind the AT line's
 * newline and before two more, so that it begins and ends with none. A string
 * of JSON cannot hold a newline, so this changes no value. CR before LF belongs
 * to the newline: an empty line is one whatever ends it. So a CR behind the last
 * newline goes with it: the LF behind the body would make it an empty line.
 */
function squeezeNewlines(text: ByteString): ByteString {
  const squeezed = text
    .replace(/(\r?\n)(?:\r?\n)+/g, "$1")
    .replace(/^\r?\n/, "");
  // Not by a pattern: that would look for the end from every newline on.
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

/** Where an array stands in the text, and where its items end. */
interface ArraySpan {
  /** The index of `[`. */
  readonly start: number;
  /** The index behind `]`. */
  readonly end: number;
  /** The index behind each item. */
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
 * Finds the arrays under the key `results` of the outermost object. The body
 * is known to be valid JSON, so that it is enough to know what is a string and
 * what opens and closes.
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

/** The index behind the value that starts at `start`. */
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

/** The index behind a number, `true`, `false` or `null`. */
function skipScalar(body: ByteString, start: number): number {
  const scalar = /[^\s,\]}]+/y;
  scalar.lastIndex = start;
  scalar.test(body);
  return scalar.lastIndex;
}

/** The index behind the string that starts at `start`. */
function skipString(body: ByteString, start: number): number {
  let index = start + 1;
  while (true) {
    const code = body.charCodeAt(index);
    if (code === quote) return index + 1;
    index += code === backslash ? 2 : 1;
  }
}

/** The index of what follows a value: behind its comma, if it has one. */
function skipComma(body: ByteString, start: number): number {
  const index = skipSpace(body, start);
  return body.charCodeAt(index) === comma ? skipSpace(body, index + 1) : index;
}

/** The index of what follows JSON's white space. */
function skipSpace(body: ByteString, start: number): number {
  let index = start;
  while (isSpace(body.charCodeAt(index))) index += 1;
  return index;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
