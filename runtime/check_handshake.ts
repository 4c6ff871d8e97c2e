/**
 * Tests a certificate before a server uses it. The TLS library parses a
 * certificate and its key only when a client connects, and cannot use some that
 * other libraries can parse, such as keys on other curves.
 *
 * @module
 */
import { duplexPair } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import {
  CertificateError,
  type Credentials,
  hexadecimal,
} from "./certificates.ts";

/**
 * Makes a TLS handshake with these credentials, in memory.
 *
 * @throws {CertificateError} If that fails, or the client gets another
 * certificate.
 */
export async function checkHandshake(
  credentials: Pick<Credentials, "context" | "fingerprint">,
): Promise<void> {
  const [near, far] = duplexPair();
  const server = new TLSSocket(far, {
    isServer: true,
    secureContext: credentials.context,
  });
  // The issuer of the certificate does not matter here.
  const client = connect({ socket: near, rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      for (const end of [server, client]) {
        end.on("error", reject);
        end.on("close", () => reject(new Error("closed")));
      }
      client.on("secureConnect", resolve);
    });
    const { fingerprint256 } = client.getPeerCertificate();
    if (hexadecimal(fingerprint256) !== credentials.fingerprint) {
      throw new Error("the server presented another certificate");
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CertificateError(
      "certificate",
      `no TLS handshake succeeds with it and its key: ${why}`,
    );
  } finally {
    client.destroy();
    server.destroy();
  }
}
