/**
 * The key of a places service, from a file or the environment and never from
 * the command line, where everybody on the machine could read it. Nothing here
 * ever shows a part of it.
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

/** Where the key is looked for if no file is named. */
const keyVariable = "GOOGLE_PLACES_KEY";

const keyVariableNeed: PermissionNeed = { name: "env", variable: keyVariable };

/** The key, if there is one. */
export interface PlacesKey {
  readonly key: string | undefined;
  /** What to do so that there is one, for a person. */
  readonly keyHelp: string;
  /** The variable that holds it, if one does. */
  readonly sources: readonly PermissionNeed[];
  /** What may hold one, and must not be looked at. */
  readonly unread: readonly PermissionNeed[];
}

/**
 * Looks for a key.
 *
 * @param path A file that holds it, to look at instead of the environment.
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

/** What is wrong with a key, if anything, in words that show nothing of it. */
export function faultOfKey(key: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(key)
    ? undefined
    : "expected one API key of printable ASCII and nothing else";
}
