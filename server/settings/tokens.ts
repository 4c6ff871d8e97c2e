/**
 * The files of identities: the keys that sign tokens, the list of revoked
 * tokens, and what client certificates permit.
 *
 * @module
 */
import { CertificateAuthenticator } from "../../identity/certificate_authenticator.ts";
import { parseIdentitiesFile } from "../../identity/identities_file.ts";
import { parseRevokedFile } from "../../identity/revoked_file.ts";
import {
  TokenAuthenticator,
  type TokenRules,
} from "../../identity/token_authenticator.ts";
import { parseKeyFile, type TokenKey } from "../../identity/token_keys.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { readFile } from "../../runtime/files.ts";
import { SetupError, setupError } from "../../runtime/setup_error.ts";
import { quoteWord } from "../../runtime/shell.ts";
import { schema } from "./schema.ts";
import type { Schema } from "./setting.ts";

/**
 * The settings of commands that name these files. Servers have no default, as
 * they check tokens only with a key file.
 */
export const tokenSchema = {
  tokenKeyFile: {
    ...schema.tokenKeyFile,
    help: "file with the keys that sign tokens",
    default: "token.key",
  },
  revokedFile: schema.revokedFile,
} as const satisfies Schema;

/** Read and write permission for the owner only. */
const privateMode = 0o600;

/** Permission for all users of the machine to read or write. */
const publicMode = 0o006;

/**
 * Reads a key file.
 *
 * @throws {SetupError} Naming the file, if it cannot be read or is wrong.
 */
export async function readTokenKeys(path: string): Promise<TokenKey[]> {
  return parseKeyFile(await readFile(path), path);
}

/**
 * Reads a list of revoked tokens; an empty one without a path. Throws as
 * `readTokenKeys` does.
 */
export async function readRevokedTokens(
  path: string | undefined,
): Promise<ReadonlySet<ByteString>> {
  if (path === undefined) return new Set();
  return parseRevokedFile(await readFile(path), path);
}

/** Something that checks identities by files that can be read again. */
export interface FromFiles<Authenticator> {
  readonly authenticator: Authenticator;
  /**
   * Reads the files again. The function that it returns replaces what they
   * said before.
   *
   * @throws {SetupError} Naming the faulty file.
   */
  readonly readAgain: () => Promise<() => void>;
}

/**
 * Reads what tokens are checked against.
 *
 * @throws {SetupError} Naming the file, if one cannot be read or is wrong.
 */
export async function readTokens(
  keyFile: string,
  revokedFile: string | undefined,
): Promise<FromFiles<TokenAuthenticator>> {
  const readRules = async (): Promise<TokenRules> => ({
    keys: await readTokenKeys(keyFile),
    revoked: await readRevokedTokens(revokedFile),
  });
  const authenticator = new TokenAuthenticator(await readRules());
  return {
    authenticator,
    async readAgain() {
      const rules = await readRules();
      return () => authenticator.replaceRules(rules);
    },
  };
}

/** The same for client certificates and an identities file. */
export async function readCertificateIdentities(
  path: string,
): Promise<FromFiles<CertificateAuthenticator>> {
  const readGrants = async () =>
    parseIdentitiesFile(await readFile(path), path);
  const authenticator = new CertificateAuthenticator(await readGrants());
  return {
    authenticator,
    async readAgain() {
      const grants = await readGrants();
      return () => authenticator.replaceGrants(grants);
    },
  };
}

/**
 * Writes a key file that only its owner may read. Never replaces a file.
 *
 * @throws {SetupError} Naming the file, if it exists or cannot be written.
 */
export async function createKeyFile(
  path: string,
  key: TokenKey,
): Promise<void> {
  const options = { createNew: true, mode: privateMode };
  try {
    await Deno.writeTextFile(path, `${key.formatLine()}\n`, options);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new SetupError(
        `${path}: this file exists, and is not replaced: tokens that its keys ` +
          "have signed would end",
      );
    }
    throw setupError(path, error);
  }
}

/** Whether there is a file. Needs permission to read it. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw setupError(path, error);
  }
}

/**
 * A note if all users of the machine may read or write a key file. Systems
 * without modes have none.
 */
export async function noteOnAccess(path: string): Promise<string | undefined> {
  const { mode } = await Deno.stat(path);
  if (mode === null || (mode & publicMode) === 0) return undefined;
  return `${path}: all users of this machine have access to it; run: chmod ` +
    `600 ${quoteWord(path)}`;
}
