/**
 * The settings of places: the service, its address and its key.
 *
 * @module
 */
import {
  choosePlaces,
  needsKey,
  type PlacesChoice,
  takesKey,
} from "../../places/choose.ts";
import { isLoopback } from "../../runtime/network.ts";
import {
  missingPermissions,
  type PermissionNeed,
} from "../../runtime/permissions.ts";
import { readPlacesKey } from "./places_key.ts";
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** The settings that select a places service. */
export const placesSchema = {
  placesProvider: schema.placesProvider,
  placesUrl: schema.placesUrl,
  placesKeyFile: schema.placesKeyFile,
};

/** The files and variables that settings were read from. */
export interface Sources {
  readonly sources: readonly PermissionNeed[];
  /**
   * Variables that may hold a secret or a key, but were not read without
   * permission.
   */
  readonly unread: readonly PermissionNeed[];
}

/** The places service. */
export interface PlacesSettings extends Sources {
  readonly places: PlacesChoice;
  /** A note for the user about the places. */
  readonly placesNote?: string;
}

/**
 * Reads the settings of the places service.
 *
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If the key's file cannot be read or is wrong.
 */
export async function readPlaces(
  resolved: ResolvedSettings<typeof placesSchema>,
): Promise<PlacesSettings> {
  const { placesKeyFile, placesProvider: name, placesUrl: url } =
    resolved.values;
  if (!takesKey(name)) {
    return { places: choosePlaces(name, { url }), sources: [], unread: [] };
  }
  const { key, keyHelp, sources, unread } = await readPlacesKey(placesKeyFile);
  if (key === undefined && needsKey(name)) {
    throw errorAt(
      resolved,
      "placesProvider",
      placesSchema,
      ` ${name} needs a key: ${keyHelp}, or name a file with --places-key-file`,
    );
  }
  const places = choosePlaces(name, { key, url });
  if (unread.length > 0) {
    // Where Google cannot be reached, the key alone does not help.
    const { hosts } = choosePlaces(name, { key: "any", url });
    const missing = await missingPermissions(
      hosts.map((host): PermissionNeed => ({ name: "net", host })),
    );
    const placesNote = missing.length > 0
      ? undefined
      : `places come from the embedded gazetteer; to use Google, ${keyHelp}`;
    return { places, placesNote, sources, unread };
  }
  if (key !== undefined && url !== undefined && isUnencrypted(url)) {
    const placesNote =
      "the key is sent unencrypted to --places-url; https would encrypt it";
    return { places, placesNote, sources, unread };
  }
  return { places, sources, unread };
}

/** Whether requests to a URL cross a network unencrypted. */
function isUnencrypted(url: string): boolean {
  const { hostname, protocol } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}
