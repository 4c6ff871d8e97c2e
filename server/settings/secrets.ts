/**
 * Reads the secrets that servers prove to each other to know. There are at most
 * two, either of which is accepted, so that a new one can replace an old one
 * while servers run. Error messages contain no part of a secret.
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

/** The variable that is read if no file is named. */
export const secretVariable = "HERD_SECRET";

/**
 * Fewest characters of a secret. An attacker can test any number of secrets
 * against a recorded handshake; this length has too many to test.
 */
export const minSecretLength = 16;

/** Most characters of a secret: four times what `howToMakeOne` makes. */
const maxSecretLength = 256;

/** Most secrets at once: an old one and a new one. */
const maxSecrets = 2;

const howToMakeOne = "make one with: openssl rand -hex 32";

const secretVariableNeed: PermissionNeed = {
  name: "env",
  variable: secretVariable,
};

/** The secrets that were given, if any. */
export interface Secrets {
  readonly secrets: readonly string[];
  /** How the user can provide them. */
  readonly secretsHelp: string;
  /** The variable that they were read from, if any. */
  readonly sources: readonly PermissionNeed[];
  /** The variable, if it was not read without permission. */
  readonly unread: readonly PermissionNeed[];
}

/**
 * Reads the secrets of a file, or else of the environment.
 *
 * @throws {SetupError} Naming the file or the variable, if a secret is wrong.
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
 * @throws {SetupError} Naming the file, if it has no secret or a wrong one.
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
 * The secrets in the environment variable, with white space between them; empty
 * if it is not set or blank.
 *
 * @throws {SetupError} Naming the variable, if a secret is wrong.
 */
export function secretsOfVariable(value: string | undefined): string[] {
  return withoutFault(value?.match(/\S+/g) ?? [], secretVariable);
}

function withoutFault(secrets: string[], source: string): string[] {
  const fault = faultOf(secrets);
  if (fault === undefined) return secrets;
  throw new SetupError(`${source}: ${fault}`);
}

/** The fault of these secrets, if any. The text contains no part of them. */
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
