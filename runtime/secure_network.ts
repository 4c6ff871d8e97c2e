/**
 * Ports and connections with TLS on them.
 *
 * @module
 */
import type { TlsIdentity } from "./certificates.ts";
import type { Clock } from "./clock.ts";
import type { Connect, Listener } from "./network.ts";
import { acceptSecurely, connectSecurely } from "./secure_transport.ts";

/** A port whose connections are encrypted: each with what is valid then. */
export function listenSecurely(
  listener: Listener,
  identity: TlsIdentity,
  clock: Clock,
): Listener {
  return {
    address: listener.address,
    isEncrypted: true,
    async accept() {
      const accepted = await listener.accept();
      const { credentials } = identity;
      return {
        ...accepted,
        transport: acceptSecurely(accepted.transport, credentials, clock),
      };
    },
    close: () => listener.close(),
  };
}

/**
 * A way to connect to ports that are encrypted. The other side's certificate
 * has to be of the authority, and for the host that was asked for.
 */
export function createSecureConnect(
  connect: Connect,
  authority: () => string,
  clock: Clock,
): Connect {
  return async (hostname, port, signal) => {
    const plain = await connect(hostname, port, signal);
    const secure = connectSecurely(plain, hostname, authority(), clock);
    const giveUp = () => secure.close();
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    try {
      await secure.established;
      return secure;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  };
}
