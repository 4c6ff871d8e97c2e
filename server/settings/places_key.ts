/**
 * Reads the key of a places service from a file or the environment. It is never
 * on the command line, which every user of the machine can read. Error messages
 * contain no part of it.
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
const keyVariable = "GOOGLE_PLACES_KEY";

const keyVariableNeed: PermissionNeed = { name: "env", variable: keyVariable };

/** The key, if there is one. */
export interface PlacesKey {
  readonly key: string | undefined;
  /** How the user can provide one. */
  readonly keyHelp: string;
  /** The variable that it was read from, if any. */
  readonly sources: readonly PermissionNeed[];
  /** The variable, if it was not read without permission. */
  readonly unread: readonly PermissionNeed[];
}

/**
 * Reads the key.
 *
 * @param path A file that holds it. The environment is not read then.
 * @throws {SetupError} Naming the file or the variable, if it holds no key.
 */
export async function readPlacesKey(
  path: string | undefined,
): Promise<PlacesKey> {
  const canReadVariable = await isGranted(keyVariableNeed);
  const keyHelp = canReadVariable
    ? `set ${keyVariable}`
    : `set ${keyVariable} and add ${flagsFor([keyVariableNeed])}`;
  let key: string | undefined;
  if (path !== undefined) {
    key = (await readFile(path)).trim();
  } else if (canReadVariable) {
    key = Deno.env.get(keyVariable)?.trim() || undefined;
  }
  const fault = key === undefined ? undefined : faultOfKey(key);
  if (fault !== undefined) {
    throw new SetupError(`${path ?? keyVariable}: ${fault}`);
  }
  if (path !== undefined) return { key, keyHelp, sources: [], unread: [] };
  return {
    key,
    keyHelp,
    sources: key === undefined ? [] : [keyVariableNeed],
    unread: canReadVariable ? [] : [keyVariableNeed],
  };
}

/** The fault of a key, if any. The text contains no part of it. */
export function faultOfKey(key: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(key)
    ? undefined
    : "expected one API key of printable ASCII and nothing else";
}
