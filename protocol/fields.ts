/**
 * Splits a line into fields at white space, which is space, tab, LF, VT, FF and
 * CR only. U+00A0 and Unicode's other spaces are ordinary bytes.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";

/** Whether a byte is white space. */
function isWhiteSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/**
 * The index after the field that begins at `start`; `start` if there is none.
 */
export function skipField(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let index = start;
  while (index < end && !isWhiteSpace(bytes[index])) index += 1;
  return index;
}

/**
 * The fields of a line, without the white space around them. Stops after `most
 * + 1` fields: that is enough to see that there are too many.
 */
export function splitFields(line: ByteString, most: number): ByteString[] {
  const fields: ByteString[] = [];
  let index = 0;
  while (fields.length <= most) {
    while (index < line.length && isWhiteSpace(line.charCodeAt(index))) {
      index += 1;
    }
    if (index === line.length) break;
    const start = index;
    while (index < line.length && !isWhiteSpace(line.charCodeAt(index))) {
      index += 1;
    }
    fields.push(line.slice(start, index));
  }
  return fields;
}

/** Whether the text can be one field: not empty, and without white space. */
export function isField(text: ByteString): boolean {
  for (let index = 0; index < text.length; index++) {
    if (isWhiteSpace(text.charCodeAt(index))) return false;
  }
  return text.length > 0;
}

/** Whether a line is empty, or has only white space. */
export function isBlank(line: ByteString): boolean {
  return splitFields(line, 0).length === 0;
}
