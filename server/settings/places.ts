/**
 * What the flags about places mean: which service, where, with what key.
 *
 * @module
 */
import { type Arguments, type Flags, UsageError } from "../../cli/arguments.ts";
import type { PermissionNeed } from "../../cli/permissions.ts";
import { readPlacesKey } from "./places_key.ts";
import {
  choosePlaces,
  needsKey,
  type PlacesChoice,
  providerNames,
} from "../../places/choose.ts";
import { isLoopback } from "../../runtime/network.ts";

/** Flags that every program with places in it takes. */
export const placesFlags: Flags = {
  places: {
    value: "PROVIDER",
    help: `${providerNames.join(", ")} (auto: Google if there is a key)`,
  },
  "places-url": { value: "URL", help: "ask here instead of Google's address" },
  "places-key-file": {
    value: "FILE",
    help: "holds the API key (or set GOOGLE_PLACES_KEY)",
  },
};

/** Where settings come from, besides the command line. */
export interface Sources {
  /** The files and variables that they come from. */
  readonly sources: readonly PermissionNeed[];
  /** Those that must not be looked at, and might have something to say. */
  readonly unread: readonly PermissionNeed[];
}

/** The flags about places, read and checked. */
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
  { flags }: Arguments,
): Promise<PlacesSettings> {
  const name = flags.get("places") ?? "auto";
  if (!providerNames.includes(name)) {
    throw new UsageError(
      `--places: expected ${providerNames.join(", ")}; found ${name}`,
    );
  }
  const url = readUrl(flags.get("places-url"));
  if (name === "gazetteer") {
    return { places: choosePlaces(name, {}), sources: [], unread: [] };
  }
  const { key, keyHelp, sources, unread } = await readPlacesKey(
    flags.get("places-key-file"),
  );
  if (key === undefined && needsKey(name)) {
    throw new UsageError(
      `--places ${name} needs a key: ${keyHelp}, or name a file with ` +
        "--places-key-file",
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

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  // The command line is no place for a key, and what stands there gets logged.
  if (url?.username || url?.password || url?.search) {
    throw new UsageError(
      "--places-url: expected an address without user name, password and " +
        "query; a key goes into GOOGLE_PLACES_KEY or --places-key-file",
    );
  }
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new UsageError(
      `--places-url: expected an http or https address, found ${text}`,
    );
  }
  return text;
}
