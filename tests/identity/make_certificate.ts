/**
 * Makes certificates in DER that have names and no keys, and whose signatures
 * are wrong.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";

/** An element of DER. */
export function der(tag: number, ...parts: readonly ByteString[]): ByteString {
  const content = parts.join("");
  const { length } = content;
  const head = length < 0x80
    ? [tag, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return String.fromCharCode(...head) + content;
}

const sequence = (...parts: readonly ByteString[]) => der(0x30, ...parts);
const identifier = (bytes: ByteString) => der(0x06, bytes);

/** Tags of alternative names. */
export const tags = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 };

/** An attribute of a subject: its type and its text. */
export function attribute(
  type: ByteString,
  text: ByteString,
  tag = 0x0c,
): ByteString {
  return der(0x31, sequence(identifier(type), der(tag, text)));
}

/** The type of common names, and that of organizations. */
export const commonName = "\x55\x04\x03";
export const organization = "\x55\x04\x0a";

/** A certificate with these attributes and alternative names. */
export function makeCertificate(
  subject: readonly ByteString[],
  names?: readonly ByteString[],
): Uint8Array {
  const extension = (id: ByteString, value: ByteString) =>
    sequence(identifier(id), der(0x01, "\xff"), der(0x04, value));
  const extensions = names === undefined ? [] : [
    der(
      0xa3,
      sequence(
        extension("\x55\x1d\x13", sequence()),
        extension("\x55\x1d\x11", sequence(...names)),
      ),
    ),
  ];
  const body = sequence(
    der(0xa0, der(0x02, "\x02")),
    der(0x02, "\x01"),
    sequence(),
    sequence(attribute(commonName, "an authority")),
    sequence(),
    sequence(...subject),
    sequence(),
    ...extensions,
  );
  return encodeBytes(sequence(body, sequence(), der(0x03, "\0")));
}
