/**
 * The places providers, by name, and the choice of one.
 *
 * @module
 */
import { loadGazetteer } from "./gazetteer.ts";
import { createGoogle, googleUrl } from "./google.ts";
import { createGoogleAuto } from "./google_auto.ts";
import { createGoogleNew, googleNewUrl } from "./google_new.ts";
import type { PlacesProvider } from "./provider.ts";

/** How to create a provider that makes requests over the network. */
interface RemoteEntry {
  /** The default address. */
  readonly url: string;
  readonly needsKey: boolean;
  /** @param key Empty unless the provider needs one. */
  create(key: string, url: string): PlacesProvider;
}

/** How to load a provider that makes no requests. */
interface LocalEntry {
  readonly needsKey: false;
  load(): Promise<PlacesProvider>;
}

/** A new provider takes one file in this folder and one line here. */
const providers: Readonly<Record<string, LocalEntry | RemoteEntry>> = {
  "gazetteer": { needsKey: false, load: loadGazetteer },
  "google": { needsKey: true, url: googleUrl, create: createGoogle },
  "google-new": { needsKey: true, url: googleNewUrl, create: createGoogleNew },
};

/**
 * The names to choose from. `auto` is Google if there is a key, else the
 * gazetteer.
 */
export const providerNames: readonly string[] = [
  "auto",
  ...Object.keys(providers),
];

/** A provider that has not been loaded yet. */
export interface PlacesChoice {
  /**
   * The hosts that receive requests, each with its port; none for the
   * gazetteer.
   */
  readonly hosts: readonly string[];
  load(): Promise<PlacesProvider>;
}

/** How to reach the provider. */
export interface PlacesAccess {
  readonly key?: string;
  /** Replaces the provider's default address. */
  readonly url?: string;
}

/** Whether a provider requires a key. */
export function needsKey(name: string): boolean {
  return name !== "auto" && providers[name].needsKey;
}

/** Whether a key makes a difference: `auto` does without one, or uses it. */
export function takesKey(name: string): boolean {
  return name === "auto" || needsKey(name);
}

/**
 * Chooses a provider.
 *
 * @param name One of `providerNames`.
 * @param access With a key, if the provider requires one.
 */
export function choosePlaces(name: string, access: PlacesAccess): PlacesChoice {
  if (name === "auto") {
    return access.key === undefined
      ? choosePlaces("gazetteer", access)
      : chooseGoogle(access.key, access.url);
  }
  const entry = providers[name];
  if ("load" in entry) return { hosts: [], load: () => entry.load() };
  const url = addressOf(entry.url, access.url);
  // The key is Google's: no other service gets it.
  const key = entry.needsKey ? access.key ?? "" : "";
  return {
    hosts: [hostOf(url)],
    load: () => Promise.resolve(entry.create(key, url)),
  };
}

/** Google's legacy API, or the new one if Google refuses the legacy API. */
function chooseGoogle(key: string, url: string | undefined): PlacesChoice {
  const address = addressOf(googleUrl, url);
  const newAddress = addressOf(googleNewUrl, url);
  return {
    hosts: [...new Set([hostOf(address), hostOf(newAddress)])],
    load: () =>
      Promise.resolve(createGoogleAuto(
        createGoogle(key, address),
        createGoogleNew(key, newAddress),
      )),
  };
}

/**
 * The address for requests: the user's, if given. If that has no path, it gets
 * the path of the default address.
 */
function addressOf(defaultUrl: string, userUrl: string | undefined): string {
  if (userUrl === undefined) return defaultUrl;
  const url = new URL(userUrl);
  if (url.pathname === "/") url.pathname = new URL(defaultUrl).pathname;
  return url.href;
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
