/**
 * The places services that there are, by name, and the choice among them.
 *
 * @module
 */
import { loadGazetteer } from "./gazetteer.ts";
import { createGoogle, googleUrl } from "./google.ts";
import { createGoogleAuto } from "./google_auto.ts";
import { createGoogleNew, googleNewUrl } from "./google_new.ts";
import type { PlacesProvider } from "./provider.ts";

/** How a provider that is asked over the network is made. */
interface RemoteEntry {
  /** Where it is asked, if the user names no other address. */
  readonly url: string;
  readonly needsKey: boolean;
  create(key: string, url: string): PlacesProvider;
}

/** How a provider that asks nobody is made. */
interface LocalEntry {
  readonly needsKey: false;
  load(): Promise<PlacesProvider>;
}

/** A new provider is one file beside this one, and one line here. */
const providers: Readonly<Record<string, LocalEntry | RemoteEntry>> = {
  "gazetteer": { needsKey: false, load: loadGazetteer },
  "google": { needsKey: true, url: googleUrl, create: createGoogle },
  "google-new": { needsKey: true, url: googleNewUrl, create: createGoogleNew },
};

/** What may be chosen: `auto` is Google where there is a key. */
export const providerNames: readonly string[] = [
  "auto",
  ...Object.keys(providers),
];

/** Which places service to ask. */
export interface PlacesChoice {
  /** The hosts that may be asked, each with its port; none for the gazetteer. */
  readonly hosts: readonly string[];
  load(): Promise<PlacesProvider>;
}

/** What is known when the choice is made. */
export interface PlacesAccess {
  readonly key?: string;
  /** To ask in place of the provider's own address. */
  readonly url?: string;
}

/** Whether a provider cannot do without a key. */
export function needsKey(name: string): boolean {
  return name !== "auto" && providers[name].needsKey;
}

/**
 * Chooses a provider.
 *
 * @param name One of `providerNames`.
 * @param access With a key, if the provider needs one.
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
  return {
    hosts: [hostOf(url)],
    load: () => Promise.resolve(entry.create(access.key ?? "", url)),
  };
}

/** Either of Google's, as Google says. */
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
 * The address to ask: the user's, with the path of the provider's own where
 * the user's has none.
 */
function addressOf(own: string, users: string | undefined): string {
  if (users === undefined) return own;
  const url = new URL(users);
  if (url.pathname === "/") url.pathname = new URL(own).pathname;
  return url.href;
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
