/**
 * Requests that a proxy has passed on. Their headers name the client, and any
 * program can send such headers: only those of trusted proxies count.
 *
 * @module
 */
import { IpNetwork, parseAddress } from "./ip_network.ts";

/** Header fields by their names in lower case: `Headers`, or a map. */
export interface HeaderFields {
  keys(): Iterable<string>;
  get(name: string): string | null | undefined;
}

/** Headers that proxies add. */
const forwardedHeaders = /^(forwarded|via|x-forwarded(-.*)?|x-real-ip)$/;

/** Most addresses of a header that are read. */
const maxHops = 32;

/** The name of a header that says that a proxy has passed a request on. */
export function forwardedHeaderOf(headers: HeaderFields): string | undefined {
  for (const name of headers.keys()) {
    if (forwardedHeaders.test(name)) return name;
  }
  return undefined;
}

/** A request is refused because of how it was passed on. */
export class ForwardedRefusal {
  /** The status of the answer. */
  readonly status: number;
  /** What is wrong and what would be right, without a full stop. */
  readonly detail: string;

  constructor(status: number, detail: string) {
    this.status = status;
    this.detail = detail;
  }
}

/** The proxies whose headers count. */
export class TrustedProxies {
  readonly #networks: readonly IpNetwork[];

  /**
   * @param networks Addresses and networks, such as `192.0.2.7` or
   * `10.0.0.0/8`.
   */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map((text) => {
      const network = IpNetwork.parse(text);
      if (network === undefined) throw new RangeError(`no network: ${text}`);
      return network;
    });
  }

  /**
   * The address of the client that a request comes from, for limits and logs,
   * or why the request is refused.
   *
   * @param remote The IP address of the other side of the connection.
   */
  clientOf(remote: string, headers: HeaderFields): string | ForwardedRefusal {
    const header = forwardedHeaderOf(headers);
    if (header === undefined) return remote;
    if (this.#networks.length === 0) {
      return new ForwardedRefusal(
        403,
        `a request with ${header} was passed on by a proxy; to accept it, add ` +
          `--trusted-proxies ${remote}`,
      );
    }
    if (!this.#trusts(remote)) {
      return new ForwardedRefusal(
        403,
        `a request with ${header} was passed on by ${remote}, which is not ` +
          "among --trusted-proxies",
      );
    }
    const hops = hopsOf(headers);
    if (hops instanceof ForwardedRefusal) return hops;
    // The last one was added by the proxy that is connected.
    const nearest = hops.slice(-maxHops).reverse();
    for (const hop of nearest) {
      // A zone can be any text.
      if (hop.includes("%") || parseAddress(hop) === undefined) {
        return new ForwardedRefusal(
          400,
          "the trusted proxy names no IP address of its client",
        );
      }
      if (!this.#trusts(hop)) return hop;
    }
    return nearest.at(-1) ?? remote;
  }

  #trusts(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined &&
      this.#networks.some((network) => network.includes(address));
  }
}

/** The addresses that proxies have added, the client's first. */
function hopsOf(headers: HeaderFields): string[] | ForwardedRefusal {
  const standard = headers.get("forwarded") ?? undefined;
  const common = headers.get("x-forwarded-for") ?? undefined;
  if (standard !== undefined && common !== undefined) {
    // A proxy sets one of them and passes on the other as its client sent it.
    return new ForwardedRefusal(
      400,
      "a request has Forwarded and X-Forwarded-For: the proxy has to remove one",
    );
  }
  if (standard !== undefined) return addressesOf(standard);
  if (common === undefined) return [];
  return common.split(",").map((text) => withoutPort(text.trim()));
}

/**
 * The next part of a `Forwarded` header: its name, its value as a word or in
 * quotes, and the separator after it (RFC 7239, 4).
 */
const forwardedPair =
  /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?[ \t]*([,;]|$)/y;

/**
 * The value of `for` in each element of a `Forwarded` header; an empty text for
 * an element without one, or with two. The texts that a client has chosen may
 * contain anything, so a header that does not have the syntax as a whole gives
 * one empty text: a quote that does not end would hide what a proxy has added.
 */
function addressesOf(header: string): string[] {
  const elements: string[][] = [[]];
  let separator: string | undefined;
  forwardedPair.lastIndex = 0;
  while (separator !== "") {
    const found = forwardedPair.exec(header);
    if (found === null) return [""];
    const [, name, quoted, word] = found;
    if (name?.toLowerCase() === "for") {
      elements.at(-1)!.push(quoted?.replace(/\\(.)/g, "$1") ?? word);
    }
    separator = found[4];
    if (separator === ",") elements.push([]);
  }
  return elements.map((values) =>
    values.length === 1 ? withoutPort(values[0]) : ""
  );
}

/** `192.0.2.7:80` and `[2001:db8::1]:80` without brackets and port. */
function withoutPort(text: string): string {
  const [, bracketed] = text.match(/^\[([^\]]*)\](?::\w+)?$/) ?? [];
  return bracketed ?? text.replace(/^([\d.]+):\w+$/, "$1");
}
