/**
 * The parser of JSON, `gateways/readers/json.ts`.
 *
 * For every text in UTF-8:
 *
 * - it is accepted if `JSON.parse` accepts it, unless it is too deep;
 * - the values are the same, and numbers have the digits of the text;
 * - a key is marked as repeated if, and only if, an object has it twice;
 * - parsing in steps gives the same.
 *
 * @module
 */
import {
  isList,
  isObject,
  JsonNumber,
  type JsonValue,
  repeated,
} from "../../../gateways/readers/json.ts";
import {
  type JsonFailure,
  type ParsedJson,
  parseJson,
  parseJsonInSteps,
} from "../../../gateways/readers/json_parser.ts";
import { finish } from "../../../gateways/readers/steps.ts";
import { maxJsonDepth } from "../../../gateways/readers/limits.ts";
import {
  bytesOfText,
  strictTextOfBytes,
  textOfBytes,
} from "../../../protocol/bytes.ts";
import { demand, demandAlike, demandSame, type Target } from "../target.ts";
import { jsonTokens } from "./bodies.ts";
import { hasRepeatedKeys, naiveJson } from "./readings.ts";

/** @param parse The parser under test. */
export function jsonTextsTarget(parse = parseJson): Target {
  return {
    name: "json_texts",
    tokens: [
      ...jsonTokens,
      '"a":1,',
      '"__proto__":',
      "[[[[[[[[[[[[[[[[",
      "]]]]]]]]]]]]]]]]",
      '{"a":{"a":',
      "\\ud83d\\udc2c",
      "\\ud83d",
      "\\u00e9",
      "-0.0",
      "1e400",
      "5.25170365e1",
      "12345678901234567890.10",
    ],
    check(input) {
      const parsed = parse(input);
      demandAlike(
        "the same in steps",
        shapeOf(finish(parseJsonInSteps(input)), input),
        shapeOf(parseJson(input), input),
      );
      if (!isUtf8(input)) return "value" in parsed ? "bytes" : "no bytes";
      const naive = naiveJson(input);
      if ("reason" in parsed) {
        if (parsed.reason === "json-too-deep") {
          demand("many levels", input.split(/[[{]/).length > maxJsonDepth);
        } else {
          demandSame("whether it is JSON", naive !== undefined, false);
        }
        return `${parsed.reason} ${parsed.isAfterLine}`;
      }
      demand("JSON", naive !== undefined);
      const { text, value } = naive!;
      const seen = nothingSeen();
      const plain = plainOf(parsed.value, input, seen, 1);
      const isRepeated = hasRepeatedKeys(text, value);
      // Of an object that is itself repeated, the parser keeps nothing.
      demandSame("repeated keys", seen.isRepeated, isRepeated);
      // Three of these may also stand for half of a surrogate pair.
      const isClear = !/\ufffd|\\u[fF]{3}[dD]/.test(text);
      if (!isRepeated && isClear) {
        demandAlike("the value", plain, toWellFormed(value));
      }
      return `${seen.depth} ${isRepeated} ${[...seen.kinds].sort().join()}`;
    },
  };
}

/** Replaces halves of surrogate pairs as UTF-8 decoders do. */
function toWellFormed(value: unknown): unknown {
  if (typeof value === "string") {
    return textOfBytes(bytesOfText(value));
  }
  if (Array.isArray(value)) return value.map(toWellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, member]) => [
    textOfBytes(bytesOfText(key)),
    toWellFormed(member),
  ]);
}

interface Seen {
  depth: number;
  isRepeated: boolean;
  readonly kinds: Set<string>;
}

const nothingSeen = (): Seen => ({
  depth: 0,
  isRepeated: false,
  kinds: new Set(),
});

/** What was parsed as plain values. */
const shapeOf = (parsed: ParsedJson | JsonFailure, input: string) =>
  "reason" in parsed
    ? [parsed.reason, parsed.isAfterLine]
    : plainOf(parsed.value, input, nothingSeen(), 1);

/** A value in the form of `toWellFormed`. */
function plainOf(
  value: JsonValue,
  input: string,
  seen: Seen,
  depth: number,
): unknown {
  seen.depth = Math.max(seen.depth, depth);
  demand("a depth within the limit", depth <= maxJsonDepth + 1);
  if (typeof value === "string") {
    seen.kinds.add("text");
    return textOfBytes(value).replace(/\ufffd{3}/g, "\ufffd");
  }
  if (value instanceof JsonNumber) {
    seen.kinds.add(/[eE]/.test(value.text) ? "exponent" : "number");
    demand("the digits of the text", input.includes(value.text));
    return Number(value.text);
  }
  if (isList(value)) {
    seen.kinds.add("list");
    const values = [...value];
    demandSame("the length of a list", value.length, values.length);
    return values.map((each, index) => {
      if (index < 3) demandAlike("a value", value.at(index), each);
      return plainOf(each, input, seen, depth + 1);
    });
  }
  if (!isObject(value)) {
    seen.kinds.add(`${value}`);
    return value;
  }
  seen.kinds.add("object");
  // As entries, in the order of `Object.entries`.
  const members = [...value];
  const keys = new Set(members.map(([key]) => key));
  const entries = members.map(([key, member]) => {
    const found = value.get(key);
    if (found === repeated) seen.isRepeated = true;
    else demandSame("the kind of a member", kindOf(found), kindOf(member));
    return [
      textOfBytes(key).replace(/\ufffd{3}/g, "\ufffd"),
      plainOf(member, input, seen, depth + 1),
    ] as const;
  });
  const isTwice = keys.size < members.length;
  if (isTwice) demand("a repeated key", seen.isRepeated);
  const isIndex = (key: string) =>
    /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;
  return [
    ...entries.filter(([key]) => isIndex(key))
      .sort(([one], [other]) => Number(one) - Number(other)),
    ...entries.filter(([key]) => !isIndex(key)),
  ];
}

/** A text, a number or the name of a class. */
const kindOf = (value: unknown) =>
  value instanceof JsonNumber
    ? `number ${value.text}`
    : typeof value === "object" && value !== null
    ? value.constructor.name
    : `${typeof value} ${String(value)}`;

function isUtf8(input: string): boolean {
  try {
    strictTextOfBytes(input);
    return true;
  } catch {
    return false;
  }
}
