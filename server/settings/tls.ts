/**
 * The settings of TLS: its files, and the connections that are encrypted.
 *
 * @module
 */
import {
  CertificateError,
  Credentials,
  readCertificates,
  type TlsFiles,
  TlsIdentity,
} from "../../runtime/certificates.ts";
import { checkHandshake } from "../../runtime/check_handshake.ts";
import { ClientAuthority } from "../../runtime/client_authority.ts";
import { readFile, requireReadPermission } from "../../runtime/files.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

const tlsSchema = {
  tlsCert: schema.tlsCert,
  tlsKey: schema.tlsKey,
  tlsCa: schema.tlsCa,
  plainClients: schema.plainClients,
  tlsClientCa: schema.tlsClientCa,
};

/** How a server uses TLS. */
export interface TlsSettings {
  readonly identity: TlsIdentity;
  /** The authority of clients' certificates; undefined if they need none. */
  readonly clientAuthority: ClientAuthority | undefined;
  /** Whether the client port is in plain text, and TLS on its own port. */
  readonly plainClients: boolean;
  /**
   * Reads the files again.
   *
   * @throws {SetupError} Naming the faulty file. Nothing changes then.
   */
  readonly renew: () => Promise<void>;
}

/** Whether servers use TLS with each other. */
export function areLinksEncrypted(tls: TlsSettings | undefined): boolean {
  return tls?.identity.authority !== undefined;
}

/** The path of each file. */
type Paths = { readonly [Part in keyof TlsFiles]: string };

/**
 * Reads the settings of TLS and their files; undefined without a certificate.
 *
 * @throws {UsageError} If a flag needs another that is missing.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readTls(
  resolved: ResolvedSettings<typeof tlsSchema>,
): Promise<TlsSettings | undefined> {
  const { plainClients, tlsClientCa: clientPath, ...files } = resolved.values;
  const { tlsCa: authority, tlsCert: certificate, tlsKey: key } = files;
  if (certificate === undefined || key === undefined) {
    refuseIncompleteTls(resolved);
    return undefined;
  }
  const paths: Paths = authority === undefined
    ? { certificate, key }
    : { certificate, key, authority };
  await requireReadPermission(Object.values(paths));
  const identity = await createIdentity(paths, await readFiles(paths));
  const readClientAuthority = () =>
    clientPath === undefined ? undefined : readAuthority(clientPath);
  const clientPem = await readClientAuthority();
  const clientAuthority = clientPem === undefined
    ? undefined
    : new ClientAuthority(clientPem);
  return {
    identity,
    clientAuthority,
    plainClients,
    async renew() {
      const texts = await readFiles(paths);
      await createIdentity(paths, texts);
      const clientPem = await readClientAuthority();
      identity.renew(texts);
      if (clientPem !== undefined) clientAuthority?.renew(clientPem);
    },
  };
}

/** An identity with which a handshake has succeeded. */
async function createIdentity(
  paths: Paths,
  texts: TlsFiles,
): Promise<TlsIdentity> {
  try {
    const identity = new TlsIdentity(texts);
    await checkHandshake(identity.credentials);
    return identity;
  } catch (error) {
    throw withPath(paths, error);
  }
}

/** Throws if a setting of TLS is given without those that it needs. */
function refuseIncompleteTls(
  resolved: ResolvedSettings<typeof tlsSchema>,
): void {
  const { sourceOf } = resolved;
  const names = [
    "tlsCert",
    "tlsKey",
    "tlsCa",
    "plainClients",
    "tlsClientCa",
  ] as const;
  // In the herd file they are for the servers that have a certificate.
  const given = names.find((name) => {
    const source = sourceOf.get(name);
    return source !== undefined && source.kind !== "herd file";
  });
  if (given === undefined) return;
  const missing = (["tlsCert", "tlsKey"] as const)
    .filter((name) => !sourceOf.has(name))
    .map((name) => `--${tlsSchema[name].flag}`);
  throw errorAt(resolved, given, tlsSchema, ` needs ${missing.join(" and ")}`);
}

/**
 * Reads the certificates of a file, as PEM.
 *
 * @throws {SetupError} Naming the file, if it cannot be read or has no
 * certificate.
 */
export async function readAuthority(path: string): Promise<string> {
  const text = await readFile(path);
  return naming(
    { certificate: path, key: path, authority: path },
    () => readCertificates(text, "authority").text,
  );
}

/**
 * Reads the certificate of a client and its key, as PEM.
 *
 * @throws {SetupError} Naming the file, if one cannot be read or is wrong, or
 * the certificate has expired: a server would end the connection without a
 * reason.
 */
export async function readClientCertificate(
  paths: Pick<Paths, "certificate" | "key">,
): Promise<TlsFiles> {
  const files = await readFiles(paths);
  const { validUntilMs } = naming(
    { ...paths, authority: paths.certificate },
    () => new Credentials(files.certificate, files.key),
  );
  if (validUntilMs > Date.now()) return files;
  const day = new Date(validUntilMs).toISOString().slice(0, 10);
  throw new SetupError(`${paths.certificate}: expired on ${day}`);
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

/** Adds the name of the faulty file to errors. */
function naming<Result>(paths: Paths, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw withPath(paths, error);
  }
}

/** An error about a file, with its path; other errors as they are. */
function withPath(paths: Paths, error: unknown): unknown {
  if (!(error instanceof CertificateError)) return error;
  return new SetupError(`${paths[error.part]}: ${error.message}`);
}
