/**
 * Ports and connections with TLS.
 *
 * @module
 */
import type { Credentials, TlsIdentity } from "./certificates.ts";
import type { ClientAuthority } from "./client_authority.ts";
import type { Clock } from "./clock.ts";
import type { Connect, Listener } from "./network.ts";
import {
  acceptSecurely,
  acceptVerified,
  connectSecurely,
} from "./secure_transport.ts";

/**
 * Adds TLS to a port. A connection uses the credentials and the authority at its
 * acceptance.
 *
 * @param authority If it is given, clients need a certificate of it.
 */
export function listenSecurely(
  listener: Listener,
  identity: TlsIdentity,
  clock: Clock,
  authority?: ClientAuthority,
): Listener {
  return {
    address: listener.address,
    isEncrypted: true,
    async accept() {
      const accepted = await listener.accept();
      const { credentials } = identity;
      const { transport } = accepted;
      return {
        ...accepted,
        transport: authority === undefined
          ? acceptSecurely(transport, credentials, clock)
          : acceptVerified(transport, credentials, authority.trust, clock),
      };
    },
    close: () => listener.close(),
  };
}

/**
 * Adds TLS to `connect`. The other side's certificate must be valid for the
 * host and issued by the authority. `authority` gives one or more certificates
 * in PEM.
 *
 * @param credentials Presented to a server that requests a certificate.
 */
export function createSecureConnect(
  connect: Connect,
  authority: () => string,
  clock: Clock,
  credentials?: Credentials,
): Connect {
  return async (hostname, port, signal) => {
    const plain = await connect(hostname, port, signal);
    const secure = connectSecurely(
      plain,
      hostname,
      authority(),
      clock,
      credentials,
    );
    const abort = () => secure.close();
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      await secure.established;
      return secure;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };
}
