/**
 * What servers prove to each other that they know: at most two secrets, either
 * of which will do, so that one can take the place of the other while servers
 * run. Nothing here ever shows a part of one.
 *
 * @module
 */
import { readFile } from "../../runtime/files.ts";
import {
  flagsFor,
  isGranted,
  type PermissionNeed,
} from "../../runtime/permissions.ts";
import { SetupError } from "../../runtime/setup_error.ts";

/** Where secrets are looked for if no file is named. */
export const secretVariable = "HERD_SECRET";

/**
 * Fewest characters of a secret. Who has recorded a handshake can try as many
 * secrets on it as he likes; there are too many of this length.
 */
export const minSecretLength = 16;

/** Most characters of a secret: four times what `howToMakeOne` makes. */
const maxSecretLength = 256;

/** Most secrets at once: the one that goes, and the one that comes. */
const maxSecrets = 2;

const howToMakeOne = "make one with: openssl rand -hex 32";

const secretVariableNeed: PermissionNeed = {
  name: "env",
  variable: secretVariable,
};

/** The secrets that were given, if any. */
export interface Secrets {
  readonly secrets: readonly string[];
  /** What to do so that there are some, for a person. */
  readonly secretsHelp: string;
  /** The variable that holds them, if one does. */
  readonly sources: readonly PermissionNeed[];
  /** What may hold some, and must not be looked at. */
  readonly unread: readonly PermissionNeed[];
}

/**
 * The secrets of a file, or else of the environment.
 *
 * @throws {SetupError} Naming the file or the variable, if one is wrong.
 */
export async function readSecrets(path: string | undefined): Promise<Secrets> {
  const canReadVariable = await isGranted(secretVariableNeed);
  const variable = canReadVariable
    ? secretVariable
    : `${secretVariable} with ${flagsFor([secretVariableNeed])}`;
  const secretsHelp =
    `--secret-file (one line, ${minSecretLength} characters or more), ` +
    `or ${variable}`;
  if (path !== undefined) {
    const secrets = secretsOfFile(await readFile(path), path);
    return { secrets, secretsHelp, sources: [], unread: [] };
  }
  const value = canReadVariable ? Deno.env.get(secretVariable) : undefined;
  const secrets = secretsOfVariable(value);
  return {
    secrets,
    secretsHelp,
    sources: secrets.length === 0 ? [] : [secretVariableNeed],
    unread: canReadVariable ? [] : [secretVariableNeed],
  };
}

/**
 * The secrets in a file, one a line.
 *
 * @throws {SetupError} Naming the file, if there is none or one is wrong.
 */
export function secretsOfFile(text: string, path: string): string[] {
  const secrets = text.split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (secrets.length === 0) {
    throw new SetupError(`${path}: expected a secret in it; ${howToMakeOne}`);
  }
  return withoutFault(secrets, path);
}

/**
 * The secrets in the environment variable, with white space between them; none
 * if it is not set or blank.
 *
 * @throws {SetupError} Naming the variable, if one is wrong.
 */
export function secretsOfVariable(value: string | undefined): string[] {
  return withoutFault(value?.match(/\S+/g) ?? [], secretVariable);
}

function withoutFault(secrets: string[], source: string): string[] {
  const fault = faultOf(secrets);
  if (fault === undefined) return secrets;
  throw new SetupError(`${source}: ${fault}`);
}

/** What is wrong with these secrets, if anything, in words that show none. */
export function faultOf(secrets: readonly string[]): string | undefined {
  if (secrets.length > maxSecrets) {
    return `expected at most ${maxSecrets} secrets, found ${secrets.length}`;
  }
  if (new Set(secrets).size < secrets.length) {
    return "expected two different secrets, found the same one twice";
  }
  return secrets.map(faultOfOne).find((fault) => fault !== undefined);
}

function faultOfOne(secret: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(secret)) {
    return "a secret is printable ASCII without white space";
  }
  if (secret.length < minSecretLength) {
    return `a secret has at least ${minSecretLength} characters, as a shorter ` +
      `one could be guessed from a recorded handshake; ${howToMakeOne}`;
  }
  if (secret.length > maxSecretLength) {
    return `a secret has at most ${maxSecretLength} characters`;
  }
}
