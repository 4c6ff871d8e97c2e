/**
 * Opens connections to the client ports of servers.
 *
 * @module
 */
import { Credentials } from "../runtime/certificates.ts";
import { SystemClock } from "../runtime/clock.ts";
import type { Connect } from "../runtime/network.ts";
import { createSecureConnect } from "../runtime/secure_network.ts";
import type { Transport } from "../runtime/transport.ts";
import type { Address } from "./types.ts";

const connectPlainly: Connect = async (hostname, port, signal) => {
  const connection = await Deno.connect({ hostname, port, signal });
  connection.setNoDelay();
  return connection;
};

/**
 * Connects. With an authority it uses TLS, and the server's certificate has
 * been verified. Throws an error of the system, an EncryptionError, a
 * CertificateError, or the signal's reason.
 */
export async function open(
  { hostname = "127.0.0.1", port, tlsAuthority, tlsCertificate, tlsKey }:
    Address,
  signal = new AbortController().signal,
): Promise<Transport> {
  const connect = tlsAuthority === undefined
    ? connectPlainly
    : createSecureConnect(
      connectPlainly,
      () => tlsAuthority,
      new SystemClock(),
      tlsCertificate === undefined || tlsKey === undefined
        ? undefined
        : new Credentials(tlsCertificate, tlsKey),
    );
  try {
    return await connect(hostname, port, signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
