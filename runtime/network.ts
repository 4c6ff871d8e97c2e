/**
 * How servers reach each other and their clients: ports and connections are
 * passed in, so that a herd can as well live on a network that only a test
 * knows.
 *
 * @module
 */
import type { Transport } from "./transport.ts";

/** A connection that came in, and where from. */
export interface Accepted {
  readonly transport: Transport;
  /** The other side's IP address. */
  readonly address: string;
  /** The other side's port. */
  readonly port: number;
}

/** Where to connect. */
export interface Port {
  /** `host:port`, as it was asked for. */
  readonly address: string;
  /** Whether TLS is spoken there. */
  readonly isEncrypted: boolean;
}

/** An open port. */
export interface Listener extends Port {
  /**
   * The next connection. Rejects with NotConnected, ConnectionReset or
   * ConnectionAborted when the next one is gone already, and with anything else
   * when accepting does not work, or not any more.
   */
  accept(): Promise<Accepted>;
  close(): void;
}

/** Connects to an open port; rejects if that cannot be. */
export type Connect = (
  hostname: string,
  port: number,
  signal: AbortSignal,
) => Promise<Transport>;

/** Where servers and clients reach each other. */
export interface Network {
  /**
   * Opens a port.
   *
   * @throws {SetupError} If that cannot be; says why in one line.
   */
  readonly listen: (hostname: string, port: number) => Listener;
  readonly connect: Connect;
}

/** An open port that speaks HTTP. */
export interface HttpPort {
  /** Ends the requests that are under way, and closes the port. */
  close(): Promise<void>;
}

/**
 * Opens a port that speaks HTTP. The handler must not reject.
 *
 * @throws {SetupError} If that cannot be; says why in one line.
 */
export type ServeHttp = (
  hostname: string,
  port: number,
  handler: (request: Request) => Promise<Response>,
) => HttpPort;

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

/**
 * A port's address, and that it is encrypted if it is, for a person; `none` if
 * there is no port.
 */
export function formatPort(port: Port | undefined): string {
  if (port === undefined) return "none";
  return port.isEncrypted ? `${port.address} (TLS)` : port.address;
}

/**
 * Whose an IP address is, as far as it says so: an IPv4 address by itself, also
 * where it is written in IPv6; of another IPv6 address the first 64 bits, as
 * every subscriber has at least so many.
 */
export function addressKey(address: string): string {
  const [, mapped] = address.match(/^::ffff:([\d.]+)$/i) ?? [];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [front, back] = address.split("%")[0].split("::");
  const groups = front.split(":");
  const behind = back?.split(":") ?? [];
  while (groups.length + behind.length < 8) groups.push("0");
  groups.push(...behind);
  const first = groups.slice(0, 4).map((group) => parseInt(group, 16) || 0);
  return `${first.map((group) => group.toString(16)).join(":")}::/64`;
}

/** Whether only this machine can be reached at the host. Looks nothing up. */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|\[::1\])$/i.test(host) || isIpv4Loopback(host);
}

function isIpv4Loopback(host: string): boolean {
  const [first, ...others] = host.split(".");
  return first === "127" && others.length === 3 &&
    others.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
