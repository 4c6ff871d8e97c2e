/**
 * Certificates as PEM text: a server's own, and those of the authority that it
 * trusts. node:crypto parses them.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type TlsOptions,
} from "node:tls";
import { readPemBlocks } from "./pem.ts";

/** The error for an invalid certificate, key or authority. */
export class CertificateError extends Error {
  /** Always `CertificateError`. */
  override readonly name = "CertificateError";

  /** The part of `TlsFiles` that is invalid. */
  readonly part: keyof TlsFiles;

  /**
   * Creates an error about one part.
   *
   * @param part The part of `TlsFiles` that is invalid.
   */
  constructor(part: keyof TlsFiles, message: string) {
    super(message);
    this.part = part;
  }
}

/** The certificate and key of a server or a client, after checks. */
export class Credentials {
  /** Both in the form that node:tls needs. */
  readonly context: SecureContext;
  /** SHA-256 of the certificate in DER, as 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** When the certificate expires, in milliseconds since 1970. */
  readonly validUntilMs: number;
  /** The chain and the key. */
  readonly #pem: { readonly cert: string; readonly key: string };

  /**
   * Checks a certificate and its key.
   *
   * @param chain The certificate, and the intermediate certificates up to the
   * authority.
   * @param key The certificate's private key. Error messages contain no part of
   * it.
   * @throws {CertificateError} If one is not PEM, or the key is not the
   * certificate's.
   */
  constructor(chain: string, key: string) {
    const { certificates: [certificate], text } = readCertificates(
      chain,
      "certificate",
    );
    const privateKey = readKey(key);
    if (!certificate.checkPrivateKey(privateKey.key)) {
      throw new CertificateError("key", "is not the certificate's key");
    }
    this.context = createContext(text, privateKey.text);
    this.#pem = { cert: text, key: privateKey.text };
    this.fingerprint = hexadecimal(certificate.fingerprint256);
    this.validUntilMs = Date.parse(certificate.validTo);
  }

  /**
   * Options of `createServer` of node:tls, for a server that requires a
   * certificate of an authority.
   *
   * @param authority One or more certificates in PEM.
   */
  requiringCertificates(authority: string): TlsOptions {
    return {
      ...this.#pem,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: true,
    };
  }

  /** Options of `connect` of node:tls, for a client with this certificate. */
  forClient(): ConnectionOptions {
    return this.#pem;
  }
}

function createContext(chain: string, key: string): SecureContext {
  try {
    return createSecureContext({ cert: chain, key });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CertificateError("certificate", `cannot be used: ${message}`);
  }
}

/** Certificates that can be read, and the text that was read. */
export interface ReadCertificates {
  readonly certificates: readonly X509Certificate[];
  /** Their blocks in PEM, and nothing else. */
  readonly text: string;
}

/**
 * Parses every certificate of a PEM text, so that errors are found before a
 * connection needs the certificate.
 *
 * @throws {CertificateError} If there is none, or one is invalid.
 */
export function readCertificates(
  text: string,
  part: "certificate" | "authority",
): ReadCertificates {
  const blocks = readPemBlocks(text)
    ?.filter(({ label }) => label === "CERTIFICATE") ?? [];
  if (blocks.length === 0) {
    throw new CertificateError(
      part,
      "expected certificates in PEM, -----BEGIN CERTIFICATE-----",
    );
  }
  const certificates = blocks.map(({ text }, index) => {
    try {
      return new X509Certificate(text);
    } catch {
      throw new CertificateError(
        part,
        `certificate ${index + 1} of ${blocks.length} cannot be read`,
      );
    }
  });
  return { certificates, text: blocks.map(({ text }) => text).join("") };
}

/** The key of a text that may have certificates too. */
function readKey(text: string): { key: KeyObject; text: string } {
  const blocks = readPemBlocks(text)
    ?.filter(({ label }) => label.endsWith("PRIVATE KEY")) ?? [];
  if (blocks.length > 1) {
    throw new CertificateError(
      "key",
      `expected one private key, found ${blocks.length}`,
    );
  }
  try {
    const [block] = blocks;
    return { key: createPrivateKey(block.text), text: block.text };
  } catch {
    // The library's message could contain a part of the key.
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

/** The contents of TLS files, as PEM text. */
export interface TlsFiles {
  /** The certificate, and the intermediate certificates up to the authority. */
  readonly certificate: string;
  /** The certificate's private key, without a passphrase. */
  readonly key: string;
  /** One or more certificates: the authority for neighbours' certificates. */
  readonly authority?: string;
}

/**
 * A server's identity in TLS. It can be renewed while the server runs. Existing
 * connections are not affected.
 */
export class TlsIdentity {
  #credentials: Credentials;
  #authority: string | undefined;

  /**
   * Checks the files.
   *
   * @throws {CertificateError} If a file is invalid.
   */
  constructor(files: TlsFiles) {
    this.#credentials = new Credentials(files.certificate, files.key);
    this.#authority = checkAuthority(files);
  }

  /**
   * Sets the files for new connections. Whether links are encrypted does not
   * change.
   *
   * @throws {CertificateError} If a file is invalid. Then nothing changes.
   */
  renew(files: TlsFiles): void {
    const credentials = new Credentials(files.certificate, files.key);
    const authority = checkAuthority(files);
    this.#credentials = credentials;
    if (this.#authority !== undefined) {
      this.#authority = authority ?? this.#authority;
    }
  }

  /** The certificate and key for new connections. */
  get credentials(): Credentials {
    return this.#credentials;
  }

  /** The authority for neighbours; undefined if links are not encrypted. */
  get authority(): string | undefined {
    return this.#authority;
  }
}

function checkAuthority({ authority }: TlsFiles): string | undefined {
  if (authority === undefined) return undefined;
  return readCertificates(authority, "authority").text;
}
