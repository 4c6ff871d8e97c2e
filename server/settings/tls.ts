/**
 * What the flags about TLS mean: which files, and who is served how.
 *
 * @module
 */
import { type Arguments, type Flags, UsageError } from "../../cli/arguments.ts";
import { SetupError } from "../../cli/exit.ts";
import { readFile, requireReadPermission } from "../../cli/files.ts";
import type { PermissionNeed } from "../../cli/permissions.ts";
import {
  CertificateError,
  readCertificates,
  type TlsFiles,
  TlsIdentity,
} from "../../runtime/certificates.ts";

/** Flags about TLS. */
export const tlsFlags: Flags = {
  "tls-cert": {
    value: "FILE",
    help: "certificate, in PEM: clients are served by TLS, not in plain text",
  },
  "tls-key": { value: "FILE", help: "the certificate's private key, in PEM" },
  "tls-ca": {
    value: "FILE",
    help: "who issues the servers' certificates: links use TLS too",
  },
  "plain-clients": {
    help: "serve the client port in plain text; TLS is on 300 ports above",
  },
};

/** How a server uses TLS. */
export interface TlsSettings {
  readonly identity: TlsIdentity;
  /** Whether the client port itself goes on in plain text. */
  readonly plainClients: boolean;
  /** What was read for it, and is read again when it is renewed. */
  readonly sources: readonly PermissionNeed[];
  /**
   * Reads the files again.
   *
   * @throws {SetupError} Naming the file at fault. All stays as it was then.
   */
  readonly renew: () => Promise<void>;
}

/** The same of each file, by its path. */
type Paths = { readonly [Part in keyof TlsFiles]: string };

/**
 * Reads what is to be encrypted, and with what; undefined for nothing.
 *
 * @throws {UsageError} If a flag lacks another.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readTls(
  { flags }: Arguments,
): Promise<TlsSettings | undefined> {
  const certificate = flags.get("tls-cert");
  const key = flags.get("tls-key");
  const authority = flags.get("tls-ca");
  if (certificate === undefined || key === undefined) {
    const given = Object.keys(tlsFlags).find((name) => flags.has(name));
    if (given === undefined) return undefined;
    const missing = ["tls-cert", "tls-key"].filter((name) => !flags.has(name));
    throw new UsageError(
      `--${given} needs ${missing.map((name) => `--${name}`).join(" and ")}`,
    );
  }
  const paths: Paths = authority === undefined
    ? { certificate, key }
    : { certificate, key, authority };
  await requireReadPermission(Object.values(paths));
  const files = await readFiles(paths);
  const identity = naming(paths, () => new TlsIdentity(files));
  return {
    identity,
    plainClients: flags.has("plain-clients"),
    sources: Object.values(paths).map((path) => ({ name: "read", path })),
    async renew() {
      const files = await readFiles(paths);
      naming(paths, () => identity.renew(files));
    },
  };
}

/**
 * The certificates of a file, as PEM.
 *
 * @throws {SetupError} Naming the file, if it cannot be read or has none.
 */
export async function readAuthority(path: string): Promise<string> {
  const text = await readFile(path);
  naming(
    { certificate: path, key: path, authority: path },
    () => readCertificates(text, "authority"),
  );
  return text;
}

async function readFiles(paths: Paths): Promise<TlsFiles> {
  const { authority } = paths;
  return {
    certificate: await readFile(paths.certificate),
    key: await readFile(paths.key),
    ...(authority === undefined
      ? {}
      : { authority: await readFile(authority) }),
  };
}

/** Names the file that holds what is wrong. */
function naming<Result>(paths: Paths, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new SetupError(`${paths[error.part]}: ${error.message}`);
  }
}
