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
  /** `host:port` of the other side. */
  readonly remote: string;
}

/** An open port. */
export interface Listener {
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

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}
