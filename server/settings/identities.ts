/**
 * The settings of identities: tokens and client certificates. Their code is
 * loaded only if a server checks them.
 *
 * @module
 */
import type { CertificateAuthenticator } from "../../identity/certificate_authenticator.ts";
import type { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** What the servers of a process check identities with. */
export interface IdentitySettings {
  /** Undefined without `--token-key-file`. */
  readonly tokens: TokenAuthenticator | undefined;
  /** Undefined without `--identities`. */
  readonly certificates: CertificateAuthenticator | undefined;
  /** Notes for the user, which do not prevent the start. */
  readonly notes: readonly string[];
  /**
   * Reads the files again.
   *
   * @throws {SetupError} Naming the faulty file. Nothing changes then.
   */
  readonly renew: () => Promise<void>;
}

/** The names of these settings in the schema. */
type Name = "tokenKeyFile" | "revokedFile" | "tlsClientCa" | "identitiesFile";

/** Each of these needs the other one. */
const needs: readonly (readonly [Name, Name])[] = [
  ["revokedFile", "tokenKeyFile"],
  ["tlsClientCa", "identitiesFile"],
  ["identitiesFile", "tlsClientCa"],
];

/**
 * Reads the files; undefined if no identities are checked. The authority of
 * client certificates is read by `readTls`.
 *
 * @throws {UsageError} If a flag needs another that is missing.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readIdentities(
  resolved: ResolvedSettings<Pick<typeof schema, Name>>,
): Promise<IdentitySettings | undefined> {
  const { identitiesFile, revokedFile, tokenKeyFile } = resolved.values;
  for (const [name, other] of needs) {
    if (!resolved.sourceOf.has(name) || resolved.sourceOf.has(other)) continue;
    throw errorAt(resolved, name, schema, ` needs --${schema[other].flag}`);
  }
  if (tokenKeyFile === undefined && identitiesFile === undefined) {
    return undefined;
  }
  const { noteOnAccess, readCertificateIdentities, readTokens } = await import(
    "./tokens.ts"
  );
  const tokens = tokenKeyFile === undefined
    ? undefined
    : await readTokens(tokenKeyFile, revokedFile);
  const certificates = identitiesFile === undefined
    ? undefined
    : await readCertificateIdentities(identitiesFile);
  const note = tokenKeyFile === undefined
    ? undefined
    : await noteOnAccess(tokenKeyFile);
  return {
    tokens: tokens?.authenticator,
    certificates: certificates?.authenticator,
    notes: note === undefined ? [] : [note],
    async renew() {
      const apply = [
        await tokens?.readAgain(),
        await certificates?.readAgain(),
      ];
      for (const replace of apply) replace?.();
    },
  };
}
