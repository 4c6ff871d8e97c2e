/**
 * Removes a key from text that may repeat it, such as an error message, an
 * address or a body, in any encoding.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { minRedactedKeyLength } from "./limits.ts";

const replacement = "[key]";

/**
 * A function that replaces a key in text, whether it is plain, percent-encoded,
 * or written with the escapes of JSON or HTML.
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
 * The text before a key. If it ends with an odd number of backslashes, the last
 * one begins a JSON escape whose rest is removed with the key. It is removed
 * too, as before the replacement it would begin an invalid escape.
 */
function withoutOpenEscape(text: ByteString): ByteString {
  let start = text.length;
  while (text[start - 1] === "\\") start -= 1;
  return (text.length - start) % 2 === 0 ? text : text.slice(0, -1);
}

/** The characters with named references in HTML. */
const htmlNames: ReadonlyMap<string, string> = new Map([
  ["&", "amp"],
  ["<", "lt"],
  [">", "gt"],
  ['"', "quot"],
  ["'", "apos"],
]);

/** A pattern that matches one character in any encoding. */
function spellings(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16).padStart(2, "0");
  const eitherCase = hex.replace(
    /[a-f]/g,
    (digit) => `[${digit}${digit.toUpperCase()}]`,
  );
  const htmlName = htmlNames.get(character);
  const literal = `\\x${hex}`;
  const forms = [
    // JSON may put a backslash before these.
    /["/\\]/.test(character) ? `\\\\?${literal}` : literal,
    `%${eitherCase}`,
    `\\\\u00${eitherCase}`,
    `&#0*${code};`,
    `&#[xX]0*${eitherCase};`,
    ...(htmlName === undefined ? [] : [`&${htmlName};`]),
  ];
  return `(?:${forms.join("|")})`;
}
