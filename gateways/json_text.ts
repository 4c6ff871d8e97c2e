/**
 * Texts of reports as JSON, with the bytes that they have.
 *
 * @module
 */
import { type ByteString, strictTextOfBytes } from "../protocol/bytes.ts";

/** Printable ASCII without quotes and backslashes. */
const plain = /^[ !#-[\]-~]*$/;

/** Bytes as a string of JSON. Those that are not UTF-8 are escaped one by one. */
export function jsonText(text: ByteString): ByteString {
  if (plain.test(text)) return `"${text}"`;
  let isUtf8 = true;
  try {
    strictTextOfBytes(text);
  } catch {
    isUtf8 = false;
  }
  // deno-lint-ignore no-control-regex
  const escaped = isUtf8 ? /["\\\x00-\x1f\x7f]/g : /["\\\x00-\x1f\x7f-\xff]/g;
  const inner = text.replace(
    escaped,
    (byte) => `\\u${byte.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${inner}"`;
}
