/**
 * A raw connection to a server's client port, as the flags say.
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
 * Goes on if the port may be connected to; returns its address, for a person.
 *
 * @throws {SetupError} Naming the flag that would permit it.
 */
export async function requirePortPermission(port: ClientPort): Promise<string> {
  const address = addressOf(port);
  await requirePermissions([{ name: "net", host: address }]);
  return address;
}

/**
 * Connects, with TLS if there is an authority: then the server has shown its
 * certificate.
 *
 * @throws {SetupError} If that cannot be.
 */
export async function connectTo(port: ClientPort): Promise<Transport> {
  try {
    return await open(port);
  } catch (error) {
    throw setupError(`nobody answers on ${addressOf(port)}`, error);
  }
}

/**
 * Prints what comes, as it is, to the end of the stream.
 *
 * @param fail Throws what there is to be said of a connection that breaks.
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
