/**
 * Second implementation of the headers of proxies, written from RFC 7239 and
 * docs/ADMINISTRATION.md. It reads byte by byte, and knows nothing of the first.
 *
 * @module
 */
import { isIP } from "node:net";
import type { ByteString } from "../../../protocol/bytes.ts";

/** Header fields by their names in lower case. */
export type Fields = ReadonlyMap<string, ByteString>;

/** Most addresses that are looked at. */
const maxHops = 32;

/** Whether a name says that a proxy has passed the request on. */
export function isOfProxy(name: string): boolean {
  return ["forwarded", "via", "x-forwarded", "x-real-ip"].includes(name) ||
    name.startsWith("x-forwarded-");
}

/**
 * The client of a request that the trusted proxy at `remote` has sent; "400" if
 * the request is refused.
 *
 * @param isTrusted Whether an address is a trusted proxy's, in the one form that
 * `canonical` gives it.
 */
export function clientOf(
  remote: string,
  fields: Fields,
  isTrusted: (address: string) => boolean,
): string {
  const standard = fields.get("forwarded");
  const common = fields.get("x-forwarded-for");
  if (standard !== undefined && common !== undefined) return "400";
  const hops = standard !== undefined
    ? hopsOfForwarded(standard)
    : (common?.split(",") ?? []).map((text) => nodeOf(text.trim()));
  if (hops === undefined) return "400";
  let client = remote;
  for (const hop of hops.slice(-maxHops).toReversed()) {
    const address = canonical(hop);
    if (address === undefined) return "400";
    client = hop;
    if (!isTrusted(address)) break;
  }
  return client;
}

/** One form for each address: an IPv4 address if it is one. */
export function canonical(text: string): string | undefined {
  if (text.includes("%") || isIP(text) === 0) return undefined;
  if (!text.includes(":")) return text;
  const { hostname } = new URL(`http://[${text}]/`);
  const groups = hostname.slice(1, -1).split(":");
  // As the URL's rules print it: ::ffff:7f00:1.
  const isMapped = groups.length === 5 &&
    groups.slice(0, 3).join(":") === "::ffff";
  if (!isMapped) return hostname;
  return groups.slice(3).flatMap((group) => {
    const number = parseInt(group, 16);
    return [number >> 8, number & 0xff];
  }).join(".");
}

/** The address of a node without its port and its brackets. */
function nodeOf(node: ByteString): ByteString {
  const colon = node.lastIndexOf(":");
  if (node.startsWith("[")) {
    const end = node.indexOf("]");
    if (end < 0) return node;
    const rest = node.slice(end + 1);
    const isPort = rest === "" || rest[0] === ":" && isWord(rest.slice(1));
    return isPort ? node.slice(1, end) : node;
  }
  const before = node.slice(0, Math.max(colon, 0));
  const isIpv4 = before !== "" &&
    Array.from(before).every((one) => "0123456789.".includes(one));
  return isIpv4 && isWord(node.slice(colon + 1)) ? before : node;
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const wordCharacters = `${letters}${letters.toUpperCase()}0123456789_`;

function isWord(text: ByteString): boolean {
  return text !== "" &&
    Array.from(text).every((one) => wordCharacters.includes(one));
}

/**
 * What each element names; "" for one that names nothing, or more than one
 * address. Undefined if the header is no list.
 */
function hopsOfForwarded(header: ByteString): ByteString[] | undefined {
  const elements: ByteString[][] = [[]];
  let at = 0;
  const skipBlanks = () => {
    while (header[at] === " " || header[at] === "\t") at += 1;
  };
  while (true) {
    skipBlanks();
    let name = "";
    while (at < header.length && isOfToken(header[at])) name += header[at++];
    if (name !== "") {
      if (header[at++] !== "=") return undefined;
      const value = header[at] === '"' ? quoted() : word();
      if (value === undefined) return undefined;
      if (name.toLowerCase() === "for") elements.at(-1)!.push(value);
    }
    skipBlanks();
    if (at === header.length) break;
    const separator = header[at++];
    if (separator === ",") elements.push([]);
    else if (separator !== ";") return undefined;
  }
  return elements.map((values) => values.length === 1 ? nodeOf(values[0]) : "");

  function word(): ByteString {
    let text = "";
    while (at < header.length && !isSeparator(header[at])) {
      text += header[at++];
    }
    return text;
  }

  function quoted(): ByteString | undefined {
    let text = "";
    at += 1;
    while (header[at] !== '"') {
      if (header[at] === "\\") at += 1;
      if (at >= header.length) return undefined;
      text += header[at++];
    }
    at += 1;
    return text;
  }
}

function isOfToken(character: string): boolean {
  return wordCharacters.includes(character) ||
    "!#$%&'*+-.^`|~".includes(character);
}

/** A value without quotes ends here. */
function isSeparator(character: string): boolean {
  return '",;'.includes(character) || character.trim() === "";
}
