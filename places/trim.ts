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

/**
 * The body with at most `bound` items in `results`.
 *
 * @throws {BodyError} If the body is not JSON of the shape of a Nearby Search:
 * an object with a list `results` and a text `status`.
 */
export function trimBody(body: ByteString, bound: number): ByteString {
  checkShape(body);
  return squeezeNewlines(cutResults(body, bound));
}

function checkShape(body: ByteString): void {
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
}

/**
 * Every run of newlines becomes one. The body stands behind the AT line's
 * newline and before two more, so that it begins and ends with none. A string
 * of JSON cannot hold a newline, so this changes no value.
 */
function squeezeNewlines(text: ByteString): ByteString {
  return text.replace(/\n{2,}/g, "\n").replace(/^\n|\n$/g, "");
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

function cutResults(body: ByteString, bound: number): ByteString {
  const spans = findResults(body);
  let text = "";
  let copied = 0;
  for (const { start, end, itemEnds } of spans) {
    const kept = Math.min(bound, itemEnds.length);
    if (kept === 0) {
      text += body.slice(copied, start) + "[]";
      copied = end;
    } else if (kept < itemEnds.length) {
      text += body.slice(copied, itemEnds[kept - 1]);
      copied = itemEnds[itemEnds.length - 1];
    }
  }
  return text + body.slice(copied);
}

/**
 * Finds the arrays under the key `results` of the outermost object. The body
 * is known to be valid JSON, so that it is enough to know what is a string and
 * what opens and closes.
 */
function findResults(body: ByteString): ArraySpan[] {
  const spans: ArraySpan[] = [];
  let index = skipSpace(body, body.indexOf("{") + 1);
  while (body[index] === '"') {
    const keyEnd = skipString(body, index);
    const key = JSON.parse(body.slice(index, keyEnd));
    const valueStart = skipSpace(body, skipSpace(body, keyEnd) + 1);
    if (key === "results" && body[valueStart] === "[") {
      const span = measureArray(body, valueStart);
      spans.push(span);
      index = span.end;
    } else {
      index = skipValue(body, valueStart);
    }
    // Behind the value stands a comma, or the object's end.
    index = skipSpace(body, index);
    if (body[index] === ",") index = skipSpace(body, index + 1);
  }
  return spans;
}

function measureArray(body: ByteString, start: number): ArraySpan {
  const itemEnds: number[] = [];
  let index = skipSpace(body, start + 1);
  while (body[index] !== "]") {
    const itemEnd = skipValue(body, index);
    itemEnds.push(itemEnd);
    index = skipSpace(body, itemEnd);
    if (body[index] === ",") index = skipSpace(body, index + 1);
  }
  return { start, end: index + 1, itemEnds };
}

/** The index behind the value that starts at `start`. */
function skipValue(body: ByteString, start: number): number {
  let depth = 0;
  let index = start;
  do {
    const character = body[index];
    if (character === '"') {
      index = skipString(body, index);
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
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
  while (body[index] !== '"') index += body[index] === "\\" ? 2 : 1;
  return index + 1;
}

/** The index of what follows JSON's white space. */
function skipSpace(body: ByteString, start: number): number {
  let index = start;
  while (/[ \t\n\r]/.test(body[index] ?? "")) index += 1;
  return index;
}
