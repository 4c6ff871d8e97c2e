/**
 * Reads DER (X.690), as far as certificates use it.
 *
 * @module
 */

/** An element: its tag byte and its content. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Tag bytes. */
export const derTag = {
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Bytes are no DER. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/**
 * The elements in these bytes, one after the other.
 *
 * @throws {DerError} If they do not fill the bytes exactly.
 */
export function readElements(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++];
    if ((tag & 0x1f) === 0x1f) throw new DerError("a tag of several bytes");
    let length = bytes[at++] ?? NaN;
    if (length >= 0x80) {
      const count = length & 0x7f;
      // Four bytes of length are more than any certificate has.
      if (count === 0 || count > 4) throw new DerError("an odd length");
      length = 0;
      for (let index = 0; index < count; index++) {
        length = length * 256 + (bytes[at++] ?? NaN);
      }
    }
    const end = at + length;
    if (!(end <= bytes.length)) throw new DerError("an element is cut off");
    elements.push({ tag, content: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

/**
 * The only element in these bytes.
 *
 * @throws {DerError} If there is another number, or it has another tag.
 */
export function readElement(bytes: Uint8Array, tag: number): Uint8Array {
  const elements = readElements(bytes);
  if (elements.length !== 1 || elements[0].tag !== tag) {
    throw new DerError(`expected one element with tag ${tag}`);
  }
  return elements[0].content;
}
