/**
 * The trimmer, `places/trim.ts`.
 *
 * For every text either a `BodyError`, or for each bound from 0 to 21:
 *
 * - the result is JSON, and its value is that of the original with at most
 *   `bound` results;
 * - the result is the original without some parts;
 * - the result has no empty line, and no newline at its start or end;
 * - with a bound of at least the number of results, only newlines are removed,
 *   and white space in an empty list.
 *
 * Valid JSON with a list `results` and a text `status` is not an error.
 *
 * @module
 */
import { Body, BodyError } from "../../../places/trim.ts";
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import { maxPlaces } from "../../../protocol/limits.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

/** Creates a body from a text. */
type CreateBody = (text: ByteString) => Pick<Body, "cut" | "status">;

/** Tokens of JSON and of Google's shape. */
export const jsonTokens = [
  '{"results":[1,2,3],"status":"OK"}',
  '"results" : [',
  '"status" : "OK"',
  '"status":"ZERO_RESULTS",',
  '"\\u0072esults":[],',
  '"results":3,',
  ',{"results":[1]}',
  "[",
  "]",
  "[]",
  "{",
  "}",
  "{}",
  ",",
  ",\n",
  ":",
  '"',
  '\\"',
  "\\\\",
  "\\u0022",
  '"]"',
  '"}"',
  "\n\n",
  "\n\r\n",
  "\r\r\n",
  "\n\r",
  "\n \n",
  "null",
  "true",
  "-1.5e-7",
  "1e999",
  '"__proto__":',
];

/** @param create Creates the trimmer under test. */
export function bodiesTarget(
  create: CreateBody = (text) => new Body(text),
): Target {
  return {
    name: "bodies",
    tokens: jsonTokens,
    check(text) {
      const value = readValue(text);
      let body: ReturnType<CreateBody>;
      try {
        body = create(text);
      } catch (error) {
        if (!(error instanceof BodyError)) throw error;
        demand(
          `a valid body is accepted: ${error.message}`,
          value === undefined,
        );
        return `${error.message} ${magnitude(text.length)}`;
      }
      if (value === undefined) {
        demand("only a valid body is accepted", false);
        return "";
      }
      demandSame("the status", body.status, value.status);
      for (let bound = 0; bound <= maxPlaces + 1; bound++) {
        checkCut(text, value, bound, body.cut(bound));
      }
      const spaces = magnitude(text.split(/[\r\n]/).length);
      const counts = text.split("results").length;
      return `${value.results.length} ${spaces} ${counts}`;
    },
  };
}

/** A body's value. */
interface Value {
  readonly results: readonly unknown[];
  readonly status: string;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined if the text is not UTF-8, not JSON, or not a body. */
function readValue(text: ByteString): Value | undefined {
  let value;
  try {
    value = JSON.parse(strictUtf8.decode(encodeBytes(text)));
  } catch {
    return undefined;
  }
  const isBody = value instanceof Object && !Array.isArray(value) &&
    Array.isArray(value.results) && typeof value.status === "string";
  return isBody ? value : undefined;
}

function checkCut(
  text: ByteString,
  value: Value,
  bound: number,
  cut: ByteString,
): void {
  const what = `bound ${bound}:`;
  const expected = { ...value, results: value.results.slice(0, bound) };
  const left = readValue(cut);
  demandSame(
    `${what} the value`,
    JSON.stringify(left),
    JSON.stringify(expected),
  );
  demand(`${what} nothing is added`, isCutOutOf(cut, text));
  // The places are sent between two LFs, so the first and the last line must
  // not be empty either.
  const isEmptyLine = (line: string) => line === "" || line === "\r";
  demand(`${what} no empty line`, !cut.split("\n").some(isEmptyLine));
  if (bound < Math.max(value.results.length, 1)) return;
  // If there are several lists `results`, all are cut, and the last one counts.
  if (value.results.length === 0 || text.split("esults").length > 2) return;
  demandSame(
    `${what} nothing is removed`,
    withoutNewlines(cut),
    withoutNewlines(text),
  );
}

function withoutNewlines(text: ByteString): ByteString {
  return text.replaceAll(/[\r\n]/g, "");
}

/** Whether the bytes of `left` occur in the text in that order. */
function isCutOutOf(left: ByteString, text: ByteString): boolean {
  let at = 0;
  for (const byte of left) {
    at = text.indexOf(byte, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
