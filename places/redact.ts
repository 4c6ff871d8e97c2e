/**
 * Takes a key out of text that may repeat it: a service's error message, an
 * address, a body. However it is written there, it goes.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { minRedactedKeyLength } from "./limits.ts";

const replacement = "[key]";

/**
 * A function that takes the key out of a text: as it is, percent-encoded, and
 * with the escapes of JSON and HTML.
 *
 * @param key Printable ASCII without white space.
 */
export function createRedactor(key: string): (text: ByteString) => ByteString {
  if (key.length < minRedactedKeyLength) return (text) => text;
  const pattern = new RegExp(Array.from(key, spellings).join(""), "g");
  return (text) => {
    let redacted = "";
    let copied = 0;
    for (const { 0: found, index } of text.matchAll(pattern)) {
      redacted += withoutOpenEscape(text.slice(copied, index)) + replacement;
      copied = index + found.length;
    }
    return redacted + text.slice(copied);
  };
}

/**
 * The text before a key. If it ends in an odd number of backslashes, the last
 * one begins an escape of JSON whose rest goes with the key; before the
 * replacement it would begin one that JSON does not have.
 */
function withoutOpenEscape(text: ByteString): ByteString {
  let start = text.length;
  while (text[start - 1] === "\\") start -= 1;
  return (text.length - start) % 2 === 0 ? text : text.slice(0, -1);
}

/** The characters that have names in HTML. */
const htmlNames: ReadonlyMap<string, string> = new Map([
  ["&", "amp"],
  ["<", "lt"],
  [">", "gt"],
  ['"', "quot"],
  ["'", "apos"],
]);

/** A pattern for the ways to write one character. */
function spellings(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16).padStart(2, "0");
  const eitherCase = hex.replace(
    /[a-f]/g,
    (digit) => `[${digit}${digit.toUpperCase()}]`,
  );
  const htmlName = htmlNames.get(character);
  const literal = `\\x${hex}`;
  const ways = [
    // What JSON may write with a backslash before it.
    /["/\\]/.test(character) ? `\\\\?${literal}` : literal,
    `%${eitherCase}`,
    `\\\\u00${eitherCase}`,
    `&#0*${code};`,
    `&#[xX]0*${eitherCase};`,
    ...(htmlName === undefined ? [] : [`&${htmlName};`]),
  ];
  return `(?:${ways.join("|")})`;
}
