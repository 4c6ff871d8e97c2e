/**
 * A raw connection to a server's client port, as the flags say.
 *
 * @module
 */
import { demand } from "../cli/permissions.ts";
import { open } from "../client/open.ts";
import { formatAddress } from "../runtime/network.ts";
import type { Transport } from "../runtime/transport.ts";
import type { ClientPort } from "../settings/reach.ts";

/**
 * Goes on if the port may be connected to; returns its address, for a person.
 *
 * @throws {SetupError} Naming the flag that would permit it.
 */
export async function demandPort(
  { hostname, port }: ClientPort,
): Promise<string> {
  const address = formatAddress(hostname, port);
  await demand([{ name: "net", host: address }]);
  return address;
}

/**
 * Connects, with TLS if there is an authority: then the server has shown its
 * certificate. Throws what the system does, or an EncryptionError.
 */
export function connectTo(port: ClientPort): Promise<Transport> {
  return open(port);
}
