/**
 * IP addresses, and networks of them such as `10.0.0.0/8`.
 *
 * @module
 */

const addressBits = 128;
const mappedBits = 96;

/**
 * The 16 bytes of an IP address, an IPv4 address in its IPv6 form; undefined if
 * the text is none. The zone of an IPv6 address is ignored.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (!text.includes(":")) {
    const ipv4 = parseIpv4(text);
    return ipv4 && Uint8Array.of(...new Array(10).fill(0), 0xff, 0xff, ...ipv4);
  }
  const [address] = text.split("%", 1);
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const isShort = halves.length === 2;
  const front = parseGroups(halves[0], !isShort);
  const back = isShort ? parseGroups(halves[1], true) : [];
  if (front === undefined || back === undefined) return undefined;
  const missing = 16 - front.length - back.length;
  if (isShort ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.of(...front, ...new Array(missing).fill(0), ...back);
}

/**
 * The bytes of groups such as `2001:db8`.
 *
 * @param isEnd Whether the last group may be an IPv4 address.
 */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const isLast = isEnd && index === groups.length - 1;
    const ipv4 = isLast ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) bytes.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes.length <= 16 ? bytes : undefined;
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split(".");
  const areBytes = parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part));
  const bytes = areBytes ? parts.map(Number) : [];
  return areBytes && bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** A network: all addresses that begin with the same bits. */
export class IpNetwork {
  readonly #address: Uint8Array;
  readonly #bits: number;

  private constructor(address: Uint8Array, bits: number) {
    this.#address = address;
    this.#bits = bits;
  }

  /** Parses an address, or an address and a number of bits; else undefined. */
  static parse(text: string): IpNetwork | undefined {
    const [, host, length] = text.match(/^([^/]+)(?:\/(\d{1,3}))?$/) ?? [];
    const address = host === undefined ? undefined : parseAddress(host);
    if (address === undefined) return undefined;
    const offset = host.includes(":") ? 0 : mappedBits;
    const bits = length === undefined ? addressBits : offset + Number(length);
    if (bits > addressBits) return undefined;
    return new IpNetwork(address, bits);
  }

  /** Whether an address, as `parseAddress` gives it, is in the network. */
  includes(address: Uint8Array): boolean {
    for (let bit = 0; bit < this.#bits; bit += 8) {
      const mask = 0xff << Math.max(0, 8 - (this.#bits - bit)) & 0xff;
      const index = bit / 8;
      if (((this.#address[index] ^ address[index]) & mask) !== 0) return false;
    }
    return true;
  }
}
