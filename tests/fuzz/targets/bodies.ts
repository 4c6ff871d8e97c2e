/**
 * The trimmer, `places/trim.ts`.
 *
 * For every text either a `BodyError`, or for each bound from 0 to 21:
 *
 * - the text that is left is JSON, and its value is that of the original with
 *   no more than so many results;
 * - it is cut out of the original: what is left stands there in that order;
 * - between AT line and the two newlines behind it, it holds no empty line, and
 *   no newline stands at either end;
 * - with a bound that is not below the number of results, nothing is cut but
 *   newlines, and what an empty list has between its brackets.
 *
 * What is whole JSON with a list `results` and a text `status` is no error.
 *
 * @module
 */
import { Body, BodyError } from "../../../places/trim.ts";
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import { maxPlaces } from "../../../protocol/limits.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

/** What a body is to the target. */
type CreateBody = (text: ByteString) => Pick<Body, "cut" | "status">;

/** Tokens of JSON, and of the shape. */
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

/** @param create Makes the trimmer under test. */
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
        demand(`a whole body is taken: ${error.message}`, value === undefined);
        return `${error.message} ${magnitude(text.length)}`;
      }
      if (value === undefined) {
        demand("only a whole body is taken", false);
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

/** Undefined if the text is not UTF-8, not JSON, or has not that shape. */
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
  demand(`${what} nothing is made up`, isCutOutOf(cut, text));
  // What is left stands between two LFs: so its first line and its last one
  // must have something in them, too.
  const isEmptyLine = (line: string) => line === "" || line === "\r";
  demand(`${what} no empty line`, !cut.split("\n").some(isEmptyLine));
  if (bound < Math.max(value.results.length, 1)) return;
  // Lists of results that the last one hides are cut as well.
  if (value.results.length === 0 || text.split("esults").length > 2) return;
  demandSame(
    `${what} nothing is cut`,
    withoutNewlines(cut),
    withoutNewlines(text),
  );
}

function withoutNewlines(text: ByteString): ByteString {
  return text.replaceAll(/[\r\n]/g, "");
}

/** Whether what is left stands in the text, in that order. */
function isCutOutOf(left: ByteString, text: ByteString): boolean {
  let at = 0;
  for (const byte of left) {
    at = text.indexOf(byte, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
