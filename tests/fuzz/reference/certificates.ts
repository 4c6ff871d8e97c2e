/**
 * A second implementation of the names in certificates, after RFC 5280 and
 * docs/IDENTITY.md. It is slow and simple, and uses no code of identity/.
 *
 * @module
 */

/** An element of DER as its tag and its content, one character a byte. */
type Element = [tag: number, content: string];

/** The bytes are malformed. */
class Malformed extends Error {}

function elementsIn(bytes: string): Element[] {
  if (bytes === "") return [];
  const codes = [...bytes].map((byte) => byte.charCodeAt(0));
  const [tag, first] = codes;
  if (tag % 32 === 31 || first === undefined) throw new Malformed();
  const more = first < 128 ? 0 : first - 128;
  if (first === 128 || more > 4 || codes.length < 2 + more) {
    throw new Malformed();
  }
  const length = more === 0
    ? first
    : Number(`0x${codes.slice(2, 2 + more).map(hexOf).join("")}`);
  const start = 2 + more;
  if (bytes.length < start + length) throw new Malformed();
  return [
    [tag, bytes.slice(start, start + length)],
    ...elementsIn(bytes.slice(start + length)),
  ];
}

const hexOf = (code: number) => code.toString(16).padStart(2, "0");

/** The content of the only element, which has this tag. */
function only(bytes: string, tag: number): string {
  const elements = elementsIn(bytes);
  if (elements.length !== 1) throw new Malformed();
  return contentOf(elements[0], tag);
}

function contentOf(element: Element | undefined, tag: number): string {
  if (element?.[0] !== tag) throw new Malformed();
  return element[1];
}

/** The names of a certificate, as `namesOfCertificate` must return them. */
export function certificateNames(bytes: string): string[] | undefined {
  try {
    const [first] = elementsIn(only(bytes, 0x30));
    const body = elementsIn(contentOf(first, 0x30));
    const subject = body[body[0]?.[0] === 0xa0 ? 5 : 4];
    const names = commonNamesIn(contentOf(subject, 0x30));
    for (const [tag, content] of body) {
      if (tag === 0xa3) names.push(...alternativeNamesIn(content));
    }
    return names.length > 64 ? undefined : names;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function commonNamesIn(subject: string): string[] {
  const names: string[] = [];
  for (const [, set] of elementsIn(subject)) {
    for (const attribute of elementsIn(set)) {
      const [type, value] = elementsIn(contentOf(attribute, 0x30));
      if (type?.[0] !== 6 || type[1] !== "U\x04\x03") continue;
      if (value === undefined) continue;
      const isText = [0x0c, 0x13, 0x16].includes(value[0]);
      if (isText) names.push(`CN:${value[1]}`);
    }
  }
  return names;
}

function alternativeNamesIn(extensions: string): string[] {
  const names: string[] = [];
  for (const extension of elementsIn(only(extensions, 0x30))) {
    const parts = elementsIn(contentOf(extension, 0x30));
    const [type] = parts;
    if (type?.[0] !== 6 || type[1] !== "U\x1d\x11") continue;
    if (parts.length < 2) throw new Malformed();
    const value = contentOf(parts.at(-1), 0x04);
    for (const [tag, text] of elementsIn(only(value, 0x30))) {
      if (tag === 0x81) names.push(`EMAIL:${text}`);
      if (tag === 0x82) names.push(`DNS:${text}`);
      if (tag === 0x86) names.push(`URI:${text}`);
    }
  }
  return names;
}
