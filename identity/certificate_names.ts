/**
 * The names of a certificate (RFC 5280): the common names of its subject, and
 * its alternative names. They are read from the certificate itself. The texts
 * that the runtime makes of them are ambiguous: it writes the one name
 * `a, DNS:b` like the two names `a` and `b`.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";
import {
  type DerElement,
  DerError,
  derTag,
  readElement,
  readElements,
} from "./der.ts";
import { maxCertificateNames } from "./limits.ts";

/** The kinds of names that an identities file can name. */
export const nameKinds = ["CN", "DNS", "URI", "EMAIL"] as const;

export type NameKind = typeof nameKinds[number];

/** The tags of `GeneralName`, by the kinds that are read. */
const kindOfTag: ReadonlyMap<number, NameKind> = new Map([
  [0x81, "EMAIL"],
  [0x82, "DNS"],
  [0x86, "URI"],
]);

/** The tag of the extensions in a certificate: [3], constructed. */
const extensionsTag = 0xa3;

/** The tag of the version: [0], constructed. It may be missing. */
const versionTag = 0xa0;

/** Object identifiers as bytes: 2.5.29.17 and 2.5.4.3. */
const alternativeNames = "\x55\x1d\x11";
const commonName = "\x55\x04\x03";

/** The kinds of texts in a subject that are bytes of ASCII or UTF-8. */
const textTags: readonly number[] = [
  derTag.utf8String,
  derTag.printableString,
  derTag.ia5String,
];

/**
 * The names of a certificate, as `DNS:phone.example`. Other kinds of names are
 * left out.
 *
 * @param certificate In DER. Its signature was checked.
 * @returns Undefined if it is malformed, or has too many names.
 */
export function namesOfCertificate(
  certificate: Uint8Array,
): ByteString[] | undefined {
  try {
    const [body] = readElements(readElement(certificate, derTag.sequence));
    const parts = sequenceIn(body);
    // Serial number, algorithm, issuer, validity and subject.
    const subject = parts[parts[0]?.tag === versionTag ? 5 : 4];
    const names = [
      ...sequenceIn(subject).flatMap(commonNamesIn),
      ...parts.filter(({ tag }) => tag === extensionsTag)
        .flatMap(({ content }) => alternativeNamesIn(content)),
    ];
    return names.length <= maxCertificateNames ? names : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function sequenceIn(element: DerElement | undefined): DerElement[] {
  if (element?.tag !== derTag.sequence) {
    throw new DerError("expected a sequence");
  }
  return readElements(element.content);
}

/** The common names in one part of a subject, which is a set of attributes. */
function commonNamesIn({ content }: DerElement): ByteString[] {
  return readElements(content).flatMap((attribute) => {
    const [type, value] = sequenceIn(attribute);
    if (!isIdentifier(type, commonName)) return [];
    if (!textTags.includes(value?.tag)) return [];
    return [`CN:${textOf(value)}`];
  });
}

/** The alternative names in the list of extensions. */
function alternativeNamesIn(extensions: Uint8Array): ByteString[] {
  return readElements(readElement(extensions, derTag.sequence))
    .flatMap((extension) => {
      const [type, ...rest] = sequenceIn(extension);
      if (!isIdentifier(type, alternativeNames)) return [];
      const value = rest.at(-1);
      if (value?.tag !== derTag.octetString) {
        throw new DerError("expected an octet string");
      }
      return readElements(readElement(value.content, derTag.sequence));
    })
    .flatMap((name) => {
      const kind = kindOfTag.get(name.tag);
      return kind === undefined ? [] : [`${kind}:${textOf(name)}`];
    });
}

function isIdentifier(
  element: DerElement | undefined,
  identifier: ByteString,
): boolean {
  return element?.tag === derTag.objectIdentifier &&
    textOf(element) === identifier;
}

function textOf({ content }: DerElement): ByteString {
  return decodeBytes(content, 0, content.length);
}
