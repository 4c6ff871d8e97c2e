/**
 * The authority that has issued the certificates of clients.
 *
 * @module
 */
import { hash, X509Certificate } from "node:crypto";
import { readCertificates } from "./certificates.ts";
import { Observers } from "./observers.ts";

/**
 * Most certificates whose check is remembered. Each takes about 150 bytes. The
 * one that was checked longest ago is forgotten first: its client has to make a
 * full handshake if an intermediate certificate is in its chain.
 */
const maxRemembered = 10_000;

/** The certificates that are trusted at one time. */
export class ClientTrust {
  /** The certificates in PEM. */
  readonly pem: string;
  /** SHA-256 of each of them. */
  readonly fingerprints: ReadonlySet<string>;
  readonly #authorities: readonly X509Certificate[];
  /** SHA-256 of clients' certificates that were checked against these. */
  readonly #checked: Set<string>;

  /**
   * @param before What was trusted before. What was checked against it stays
   * checked if nothing was removed.
   * @throws {CertificateError} If a certificate is invalid, or there is none.
   */
  constructor(text: string, before?: ClientTrust) {
    const { certificates, text: pem } = readCertificates(text, "authority");
    this.pem = pem;
    this.#authorities = certificates;
    this.fingerprints = new Set(
      certificates.map(({ fingerprint256 }) => fingerprint256),
    );
    const keepsAll = before?.fingerprints.isSubsetOf(this.fingerprints);
    this.#checked = keepsAll ? before!.#checked : new Set();
  }

  /** How many certificates are remembered. */
  get remembered(): number {
    return this.#checked.size;
  }

  /** Remembers a certificate, in DER, that a handshake has checked. */
  remember(certificate: Uint8Array): void {
    const digest = hash("sha256", certificate);
    this.#checked.delete(digest);
    this.#checked.add(digest);
    if (this.#checked.size <= maxRemembered) return;
    this.#checked.delete(this.#checked.values().next().value!);
  }

  /**
   * Whether a client may resume a session that began with this certificate. The
   * runtime keeps one store of sessions for all its servers, and checks no
   * certificate again: a session may have begun at another port, or before an
   * authority was removed.
   *
   * @param certificate In DER; undefined if the session began without one.
   */
  mayResume(certificate: Uint8Array | undefined): boolean {
    if (certificate === undefined) return false;
    if (this.#checked.has(hash("sha256", certificate))) return true;
    // Its other properties were checked when the session began.
    return this.#authorities.some((authority) =>
      hasSigned(authority, certificate)
    );
  }
}

/** Whether an authority has signed a certificate in DER. */
function hasSigned(
  authority: X509Certificate,
  certificate: Uint8Array,
): boolean {
  try {
    return new X509Certificate(certificate).verify(authority.publicKey);
  } catch {
    // The runtime throws for keys that it does not support, such as RSA-PSS and
    // P-521, and for some keys of another kind than the signature.
    return false;
  }
}

/** One or more certificates, which can be replaced while a server runs. */
export class ClientAuthority {
  #trust: ClientTrust;

  /**
   * Called when a certificate is no longer trusted: connections that were
   * accepted before must end, as one of them may be based on it.
   */
  readonly changes: Observers<void> = new Observers();

  /** @throws {CertificateError} If a certificate is invalid, or there is none. */
  constructor(pem: string) {
    this.#trust = new ClientTrust(pem);
  }

  /** What new connections are checked against. */
  get trust(): ClientTrust {
    return this.#trust;
  }

  /**
   * Replaces the certificates, for new connections.
   *
   * @throws {CertificateError} If one is invalid. Nothing changes then.
   */
  renew(text: string): void {
    const before = this.#trust;
    this.#trust = new ClientTrust(text, before);
    const keepsAll = before.fingerprints.isSubsetOf(this.#trust.fingerprints);
    if (!keepsAll) this.changes.notify();
  }
}
