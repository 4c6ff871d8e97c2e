/**
 * Text for the log that stays on its line whatever it holds. Printable UTF-8
 * stands as it is; control characters, invisible ones, and bytes that are not
 * UTF-8 become `\xNN`, a backslash `\\`. `unescapeBytes` gives back the bytes.
 *
 * @module
 */
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";

/** Text that needs no escaping: printable ASCII without the backslash. */
const plain = /^[\x20-\x5b\x5d-\x7e]*$/;

/** Well-formed UTF-8 beyond ASCII, byte by byte (Unicode 15, table 3-7). */
const utf8Sequence = [
  "[\\xc2-\\xdf][\\x80-\\xbf]",
  "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
  "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}",
  "\\xed[\\x80-\\x9f][\\x80-\\xbf]",
  "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
  "[\\xf1-\\xf3][\\x80-\\xbf]{3}",
  "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}",
].join("|");

const special = new RegExp(
  `${utf8Sequence}|[\\x00-\\x1f\\\\\\x7f-\\xff]`,
  "g",
);

/**
 * Characters that a terminal obeys instead of showing, that some programs take
 * for the end of a line, or that turn the text around.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const shortForms: Record<string, string> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** The bytes as one line of printable UTF-8. */
export function escapeBytes(bytes: ByteString): ByteString {
  if (plain.test(bytes)) return bytes;
  return bytes.replace(special, (found) => {
    if (found.length > 1 && !invisible.test(textOfBytes(found))) return found;
    return shortForms[found] ?? hexEscapes(found);
  });
}

/** The inverse of `escapeBytes`. */
export function unescapeBytes(text: ByteString): ByteString {
  return text.replace(
    /\\(?:x([0-9a-f]{2})|([\\tnr]))/g,
    (_, hex: string | undefined, short: string) => {
      if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
      return { "\\": "\\", t: "\t", n: "\n", r: "\r" }[short]!;
    },
  );
}

function hexEscapes(bytes: ByteString): string {
  let text = "";
  for (let index = 0; index < bytes.length; index++) {
    const hex = bytes.charCodeAt(index).toString(16).padStart(2, "0");
    text += `\\x${hex}`;
  }
  return text;
}
