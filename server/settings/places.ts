/**
 * The settings of places: which service, where, with which key.
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
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { readPlacesKey } from "./places_key.ts";
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** The settings that say which service to ask. */
export const placesSchema = {
  placesProvider: schema.placesProvider,
  placesUrl: schema.placesUrl,
  placesKeyFile: schema.placesKeyFile,
};

/** What settings were read from. */
export interface Sources {
  /** The files and variables. */
  readonly sources: readonly PermissionNeed[];
  /** Variables that are not permitted, and could hold a secret or a key. */
  readonly unread: readonly PermissionNeed[];
}

/** The places service. */
export interface PlacesSettings extends Sources {
  readonly places: PlacesChoice;
  /** Something that the user should know about the places. */
  readonly placesNote?: string;
}

/**
 * Reads which places service to ask.
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
    const placesNote =
      `places come from the embedded gazetteer; to ask Google, ${keyHelp}`;
    return { places, placesNote, sources, unread };
  }
  if (key !== undefined && url !== undefined && travelsInClear(url)) {
    const placesNote =
      "the key travels unencrypted to --places-url; https would hide it";
    return { places, placesNote, sources, unread };
  }
  return { places, sources, unread };
}

/** Whether others can read on the way what is sent to an address. */
function travelsInClear(url: string): boolean {
  const { hostname, protocol } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}
