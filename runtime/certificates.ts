/**
 * Certificates, as PEM text: what a server shows, and what it trusts. Reading
 * them is node:crypto's.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** A certificate, a key or an authority is not what it should be. */
export class CertificateError extends Error {
  /** Always `CertificateError`. */
  override readonly name = "CertificateError";

  /** Names what is at fault: one of the parts of `TlsFiles`. */
  constructor(readonly part: keyof TlsFiles, message: string) {
    super(message);
  }
}

/** What a server shows to those who connect, checked. */
export class Credentials {
  /** What the TLS library makes of it. */
  readonly context: SecureContext;
  /** SHA-256 of the certificate in DER, as 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** When the certificate ends to be valid, in milliseconds since 1970. */
  readonly validUntilMs: number;

  /**
   * Checks a certificate and its key.
   *
   * @param chain The certificate, and those between it and the authority.
   * @param key The certificate's private key. No message ever shows any of it.
   * @throws {CertificateError} If one is not PEM, or they are no pair.
   */
  constructor(chain: string, key: string) {
    const [certificate] = readCertificates(chain, "certificate");
    if (!certificate.checkPrivateKey(readKey(key))) {
      throw new CertificateError("key", "is not the certificate's key");
    }
    this.context = createContext(chain, key);
    this.fingerprint = hexadecimal(certificate.fingerprint256);
    this.validUntilMs = Date.parse(certificate.validTo);
  }
}

function createContext(chain: string, key: string): SecureContext {
  try {
    return createSecureContext({ cert: chain, key });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CertificateError("certificate", `cannot be used: ${why}`);
  }
}

const certificatePattern =
  /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads every certificate of a PEM text: what is wrong with one is better said
 * now than found by who connects.
 *
 * @throws {CertificateError} If there is none, or one of them cannot be read.
 */
export function readCertificates(
  text: string,
  part: "certificate" | "authority",
): X509Certificate[] {
  const blocks = text.match(certificatePattern) ?? [];
  // One that has no end is none, and would be passed over.
  const begun = text.split("-----BEGIN CERTIFICATE-----").length - 1;
  if (begun === 0 || blocks.length < begun) {
    throw new CertificateError(
      part,
      "expected certificates in PEM, -----BEGIN CERTIFICATE-----",
    );
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new CertificateError(
        part,
        `certificate ${index + 1} of ${blocks.length} cannot be read`,
      );
    }
  });
}

function readKey(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // The library's words could hold a part of the key.
    throw new CertificateError(
      "key",
      "expected a private key in PEM, -----BEGIN PRIVATE KEY-----, " +
        "without a passphrase",
    );
  }
}

/** `AB:CD:...` as `abcd...`. */
export function hexadecimal(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

/** What a server has for TLS, as PEM text. */
export interface TlsFiles {
  /** The certificate, and those between it and the authority. */
  readonly certificate: string;
  /** The certificate's private key, without a passphrase. */
  readonly key: string;
  /** Who has issued the neighbours' certificates: one or more certificates. */
  readonly authority?: string;
}

/**
 * A server's identity in TLS. It may be renewed while the server runs:
 * connections that there are go on with what they have.
 */
export class TlsIdentity {
  #credentials: Credentials;
  #authority: string | undefined;

  /**
   * Checks what it is made of.
   *
   * @throws {CertificateError} If something is not what it should be.
   */
  constructor(files: TlsFiles) {
    this.#credentials = new Credentials(files.certificate, files.key);
    this.#authority = checkAuthority(files);
  }

  /**
   * New connections get these from now on. Whether links are encrypted stays as
   * it was.
   *
   * @throws {CertificateError} If something is not what it should be. All stays
   * as it was then.
   */
  renew(files: TlsFiles): void {
    const credentials = new Credentials(files.certificate, files.key);
    const authority = checkAuthority(files);
    this.#credentials = credentials;
    if (this.#authority !== undefined) {
      this.#authority = authority ?? this.#authority;
    }
  }

  /** What is shown to those who connect. */
  get credentials(): Credentials {
    return this.#credentials;
  }

  /** Who is trusted about neighbours; undefined if links are not encrypted. */
  get authority(): string | undefined {
    return this.#authority;
  }
}

function checkAuthority({ authority }: TlsFiles): string | undefined {
  if (authority !== undefined) readCertificates(authority, "authority");
  return authority;
}
