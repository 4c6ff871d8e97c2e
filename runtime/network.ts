/**
 * Networks: how servers open ports and connect to them. A network is passed to
 * a server, so that tests can use a simulated one.
 *
 * @module
 */
import type { LimitName } from "./limit_counts.ts";
import type { Transport } from "./transport.ts";

/** An accepted connection. */
export interface Accepted {
  readonly transport: Transport;
  /** The other side's IP address. */
  readonly address: string;
  /** The other side's port. */
  readonly port: number;
}

/** A port to connect to. */
export interface Port {
  /** `host:port`, as configured. */
  readonly address: string;
  /** Whether connections use TLS. */
  readonly isEncrypted: boolean;
}

/** An open port. */
export interface Listener extends Port {
  /**
   * The next connection. Rejects with NotConnected, ConnectionReset or
   * ConnectionAborted if the connection has ended, and with other errors if
   * accepting fails or the port is closed.
   */
  accept(): Promise<Accepted>;
  close(): void;
}

/** Connects to an open port. Rejects if that fails or the signal aborts. */
export type Connect = (
  hostname: string,
  port: number,
  signal: AbortSignal,
) => Promise<Transport>;

/**
 * Longest datagram that is received whole, in bytes: more than a frame of
 * Ethernet holds, and 25 sentences as long as NMEA 0183 permits.
 */
export const maxDatagramBytes = 2 * 1024;

/** An open UDP port. */
export interface DatagramPort {
  /**
   * Begins to receive. Datagrams that came before are dropped.
   *
   * @param sink Is given each datagram, which it must not keep, with the IP
   * address and the port of its sender. One that has more than
   * `maxDatagramBytes` may be cut, but has more of them still.
   * @param onFailure Is given errors, after which the port is still open.
   */
  receive(
    sink: (datagram: Uint8Array, address: string, port: number) => void,
    onFailure: (error: Error) => void,
  ): void;
  close(): void;
}

/** A network of servers and clients. */
export interface Network {
  /**
   * Opens a port.
   *
   * @throws {SetupError} If that fails, with the reason in one line.
   */
  readonly listen: (hostname: string, port: number) => Listener;
  readonly connect: Connect;
  /**
   * Opens a UDP port.
   *
   * @throws {SetupError} If that fails, with the reason in one line.
   */
  readonly openDatagrams: (
    hostname: string,
    port: number,
  ) => Promise<DatagramPort>;
}

/** An open HTTP port. */
export interface HttpPort {
  /** Closes the port after the running requests have ended. */
  close(): Promise<void>;
}

/**
 * Opens an HTTP port.
 *
 * @param handler Answers requests, given the other side's IP address. Must not
 * reject.
 * @param onLimit Called whenever a limit was reached.
 * @throws {SetupError} If that fails, with the reason in one line.
 */
export type ServeHttp = (
  hostname: string,
  port: number,
  handler: (request: Request, remote: string) => Promise<Response>,
  onLimit: (limit: LimitName) => void,
) => HttpPort;

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

/** A port as text: `host:port`, `host:port (TLS)`, or `none`. */
export function formatPort(port: Port | undefined): string {
  if (port === undefined) return "none";
  return port.isEncrypted ? `${port.address} (TLS)` : port.address;
}

/**
 * The key by which connections of one address are counted. For an IPv4 address,
 * also in its IPv6 form, this is the address. For other IPv6 addresses it is
 * the first 64 bits, as every subscriber has at least a /64.
 */
export function addressKey(address: string): string {
  const [, mapped] = address.match(/^::ffff:([\d.]+)$/i) ?? [];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [front, back] = address.split("%")[0].split("::");
  const groups = front.split(":");
  const last = back?.split(":") ?? [];
  while (groups.length + last.length < 8) groups.push("0");
  groups.push(...last);
  const first = groups.slice(0, 4).map((group) => parseInt(group, 16) || 0);
  return `${first.map((group) => group.toString(16)).join(":")}::/64`;
}

/** Whether a host is this machine's loopback address. Makes no DNS query. */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|\[::1\])$/i.test(host) || isIpv4Loopback(host);
}

function isIpv4Loopback(host: string): boolean {
  const [first, ...others] = host.split(".");
  return first === "127" && others.length === 3 &&
    others.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
