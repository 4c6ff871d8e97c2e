/**
 * Raw connections to servers' client ports.
 *
 * @module
 */
import { setupError } from "../cli/exit.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import { printBytes } from "../cli/print.ts";
import { open } from "../client/open.ts";
import { formatAddress } from "../runtime/network.ts";
import type { Transport } from "../runtime/transport.ts";
import type { ClientPort } from "../server/settings/client_target.ts";

const readBufferBytes = 64 * 1024;

/**
 * Checks the permission to connect to a port. Returns its address, for
 * messages.
 *
 * @throws {SetupError} If the permission is missing. The message names the flag
 * that grants it.
 */
export async function requirePortPermission(port: ClientPort): Promise<string> {
  const address = addressOf(port);
  await requirePermissions([{ name: "net", host: address }]);
  return address;
}

/**
 * Connects. With an authority it uses TLS, and the server's certificate has
 * been verified.
 *
 * @throws {SetupError} If connecting fails.
 */
export async function connectTo(port: ClientPort): Promise<Transport> {
  try {
    return await open(port);
  } catch (error) {
    throw setupError(`cannot connect to ${addressOf(port)}`, error);
  }
}

/**
 * Prints all received bytes unchanged, to the end of the stream.
 *
 * @param fail Throws the error to report when the connection breaks.
 */
export async function printAll(
  connection: Transport,
  fail: (error: unknown) => never,
): Promise<void> {
  const buffer = new Uint8Array(readBufferBytes);
  let count;
  while ((count = await connection.read(buffer).catch(fail)) !== null) {
    await printBytes(buffer.subarray(0, count));
  }
}

function addressOf({ hostname, port }: ClientPort): string {
  return formatAddress(hostname, port);
}
