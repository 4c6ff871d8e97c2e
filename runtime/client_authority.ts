/**
 * The authority that has issued the certificates of clients.
 *
 * @module
 */
import { readCertificates } from "./certificates.ts";
import { Observers } from "./observers.ts";

/** One or more certificates, which can be replaced while a server runs. */
export class ClientAuthority {
  #pem: string;
  #fingerprints: ReadonlySet<string>;

  /**
   * Called when a certificate is no longer trusted: connections that were
   * accepted before must end, as one of them may be based on it.
   */
  readonly changes: Observers<void> = new Observers();

  /** @throws {CertificateError} If a certificate is invalid, or there is none. */
  constructor(pem: string) {
    ({ pem: this.#pem, fingerprints: this.#fingerprints } = read(pem));
  }

  /** The certificates in PEM. */
  get pem(): string {
    return this.#pem;
  }

  /**
   * Replaces the certificates, for new connections.
   *
   * @throws {CertificateError} If one is invalid. Nothing changes then.
   */
  renew(text: string): void {
    const before = this.#fingerprints;
    ({ pem: this.#pem, fingerprints: this.#fingerprints } = read(text));
    if (!before.isSubsetOf(this.#fingerprints)) this.changes.notify();
  }
}

function read(text: string): { pem: string; fingerprints: Set<string> } {
  const { certificates, text: pem } = readCertificates(text, "authority");
  const fingerprints = new Set(
    certificates.map(({ fingerprint256 }) => fingerprint256),
  );
  return { pem, fingerprints };
}
