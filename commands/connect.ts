/**
 * Raw connections to servers' client ports.
 *
 * @module
 */
import { setupError } from "../cli/exit.ts";
import {
  type PermissionNeed,
  requirePermissions,
} from "../runtime/permissions.ts";
import { printBytes } from "../cli/print.ts";
import { open } from "../client/open.ts";
import { SystemClock } from "../runtime/clock.ts";
import { formatAddress } from "../runtime/network.ts";
import type { Transport } from "../runtime/transport.ts";
import type { ClientPort } from "../server/settings/client_target.ts";
import { exchange } from "./exchange.ts";

/**
 * Checks the permission to connect to a port. Returns its address, for
 * messages.
 *
 * @param sources The files that were read to find the port.
 * @throws {PermissionError} If the permission is missing.
 */
export async function requirePortPermission(
  port: ClientPort,
  sources: readonly PermissionNeed[],
): Promise<string> {
  const address = addressOf(port);
  await requirePermissions([{ name: "net", host: address }, ...sources]);
  return address;
}

/**
 * Connects. With an authority it uses TLS, and the server's certificate has
 * been verified.
 *
 * @param timeoutMs Longest wait in milliseconds, or `Infinity`.
 * @throws {SetupError} If connecting fails.
 */
export async function connectTo(
  port: ClientPort,
  timeoutMs: number,
): Promise<Transport> {
  const late = new AbortController();
  const clock = new SystemClock();
  const cancel = timeoutMs === Infinity ? () => {} : clock.after(
    timeoutMs,
    () => late.abort(new Error(`no connection within ${timeoutMs / 1000} s`)),
  );
  try {
    return await open(port, late.signal);
  } catch (error) {
    throw setupError(`cannot connect to ${addressOf(port)}`, error);
  } finally {
    cancel();
  }
}

/**
 * Connects, sends the input and prints the answers.
 *
 * @throws {SetupError} If the server cannot be reached, or does not answer
 * every line.
 */
export async function exchangeWith(
  port: ClientPort,
  input: AsyncIterable<Uint8Array>,
  timeoutMs: number,
): Promise<void> {
  await exchange(await connectTo(port, timeoutMs), input, {
    address: addressOf(port),
    closedHint: closedHint(port),
    clock: new SystemClock(),
    timeoutMs,
    print: printBytes,
  });
}

/** Possible reasons if a server closes the connection without an answer. */
export function closedHint(
  { tlsAuthority, tlsCertificate }: ClientPort,
): string {
  if (tlsAuthority === undefined) {
    return "it may use TLS (--tls-ca FILE), or it may have too many " +
      "connections: see its log";
  }
  return tlsCertificate === undefined
    ? "add --tls-cert and --tls-key if it requires a client certificate; its " +
      "log has the reason"
    : "it may not accept the certificate; its log has the reason";
}

function addressOf({ hostname, port }: ClientPort): string {
  return formatAddress(hostname, port);
}
