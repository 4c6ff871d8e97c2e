/**
 * The removal of keys from texts, `places/redact.ts`.
 *
 * The input is a text. In it a backquote and a letter mean a key in one of
 * the spellings that services use: plain, percent-encoded, or as escapes of
 * JSON or HTML. For every text and each of several keys:
 *
 * - the result does not contain the key, also when its escapes are resolved;
 * - JSON stays valid. For this reason no key here begins with a hexadecimal
 *   digit: such a key could begin within an escape;
 * - a text without escapes and without the key does not change.
 *
 * @module
 */
import { createRedactor } from "../../../places/redact.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";
import { jsonTokens } from "./bodies.ts";

const keys = ["IzaSyA-b_9", "s.b+c/d&e=", "xyxyxyx"];

/** The spellings of one byte, by their letters. */
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

/** @param create Creates the redactor under test. */
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
  demand("the key is gone in every spelling", !resolve(redacted).includes(key));
  if (!/[\\%&]/.test(text) && !text.includes(key)) {
    demandSame("a text without the key", redacted, text);
  }
  const isValidJson = isJson(text);
  if (isValidJson) demand("JSON stays valid", isJson(redacted));
  const found = redacted.split("[key]").length - text.split("[key]").length;
  return `${isValidJson} ${magnitude(found)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Resolves every escape that can be a byte of a key. */
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
