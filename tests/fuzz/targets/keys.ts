/**
 * What takes the key out of a text, `places/redact.ts`.
 *
 * The input is a text. In it a backquote and a letter stand for a key, written
 * in one of the ways that services have: as it is, or each byte percent-encoded,
 * or as an escape of JSON or of HTML. For every text, and for several keys:
 *
 * - the key is not in what is left, nor when the escapes there are resolved;
 * - what is JSON stays JSON. For that no key here begins with a hexadecimal
 *   digit: such a key could begin within an escape;
 * - a text without escapes, and without the key, stays as it is.
 *
 * @module
 */
import { createRedactor } from "../../../places/redact.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";
import { jsonTokens } from "./bodies.ts";

const keys = ["IzaSyA-b_9", "s.b+c/d&e=", "xyxyxyx"];

/** The ways to write one byte, by the letter that stands for each. */
const spellings: Readonly<Record<string, (byte: string) => string>> = {
  k: (byte) => byte,
  p: (byte) => `%${hex(byte)}`,
  P: (byte) => `%${hex(byte).toUpperCase()}`,
  u: (byte) => `\\u00${hex(byte)}`,
  U: (byte) => `\\u00${hex(byte).toUpperCase()}`,
  d: (byte) => `&#${byte.charCodeAt(0)};`,
  x: (byte) => `&#x${hex(byte)};`,
  X: (byte) => `&#X0${hex(byte).toUpperCase()};`,
  s: (byte) => byte === "/" ? "\\/" : byte,
  a: (byte) => byte === "&" ? "&amp;" : byte,
};

function hex(byte: string): string {
  return byte.charCodeAt(0).toString(16).padStart(2, "0");
}

/** @param create Makes the redactor under test. */
export function keysTarget(create = createRedactor): Target {
  const redactors = keys.map((key) => ({ key, redact: create(key) }));
  return {
    name: "keys",
    tokens: [
      ...jsonTokens,
      ...keys,
      ...Object.keys(spellings).map((letter) => `\`${letter}`),
      '"`u"',
      "\\`u",
      "\\",
      "[key]",
      "%",
      "&#",
      "\\u00",
    ],
    check(input) {
      let signature = `${magnitude(input.length)}`;
      for (const { key, redact } of redactors) {
        const text = input.replace(
          /`(.)/g,
          (found, letter) =>
            Object.hasOwn(spellings, letter)
              ? Array.from(key, spellings[letter]).join("")
              : found,
        );
        signature += ` ${checkText(text, key, redact(text))}`;
      }
      return signature;
    },
  };
}

function checkText(
  text: ByteString,
  key: string,
  redacted: ByteString,
): string {
  demand("the key is gone", !redacted.includes(key));
  demand("the key is gone, escaped", !resolve(redacted).includes(key));
  if (!/[\\%&]/.test(text) && !text.includes(key)) {
    demandSame("a text without the key", redacted, text);
  }
  const isWhole = isJson(text);
  if (isWhole) demand("JSON stays JSON", isJson(redacted));
  const found = redacted.split("[key]").length - text.split("[key]").length;
  return `${isWhole} ${magnitude(found)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The text with every escape that can stand for a byte of a key resolved. */
function resolve(text: ByteString): ByteString {
  return text.replace(
    /%([\da-fA-F]{2})|\\u00([\da-fA-F]{2})|&#0*(\d{1,3});|&#[xX]0*([\da-fA-F]{1,2});|\\(\/)|(&)amp;/g,
    (_, percent, json, decimal, html, slash, ampersand) => {
      const digits = percent ?? json ?? html;
      if (digits !== undefined) {
        return String.fromCharCode(parseInt(digits, 16));
      }
      if (decimal !== undefined) return String.fromCharCode(Number(decimal));
      return slash ?? ampersand;
    },
  );
}
