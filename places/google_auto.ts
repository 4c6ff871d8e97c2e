/**
 * Google, through either of its two APIs: the legacy API until Google says that
 * the key's project cannot use it, then the new one.
 *
 * @module
 */
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";
import { PlacesError, type RemoteProvider } from "./provider.ts";

/** The provider `auto` with a key. Its name is that of the provider in use. */
export function createGoogleAuto(
  google: RemoteProvider,
  googleNew: RemoteProvider,
): RemoteProvider {
  let current = google;
  return {
    isRemote: true,
    get name() {
      return current.name;
    },
    get emptyAnswer() {
      return current.emptyAnswer;
    },
    async nearby(search, signal): Promise<ByteString> {
      const provider = current;
      const body = await provider.nearby(search, signal);
      if (provider === googleNew || !refusesLegacyApi(body)) return body;
      current = googleNew;
      // The next attempt uses the other API. This call makes only one request,
      // so that each is counted.
      throw new PlacesError(
        "Google says that this key cannot use the legacy API",
        true,
      );
    },
  };
}

/**
 * Whether a body says that this key cannot use the API at all. A wrong key, or
 * one restricted to other addresses, does not count.
 */
function refusesLegacyApi(body: ByteString): boolean {
  if (!/REQUEST_DENIED|PERMISSION_DENIED/.test(body)) return false;
  try {
    const { error, error_message: message, status } = JSON.parse(
      textOfBytes(body),
    );
    if (status === "REQUEST_DENIED") return isRefusalText(message);
    return error?.status === "PERMISSION_DENIED" &&
      isRefusalText(error.message);
  } catch {
    return false;
  }
}

/**
 * Google's messages for projects created since 2025 ("You're calling a legacy
 * API, which is not enabled for your project"), for older projects without it
 * ("This API project is not authorized to use this API", "not activated on your
 * API project", "has not been used in project ... before or it is disabled"),
 * and for keys restricted to other APIs ("This API key is not authorized to use
 * this service or API").
 */
const refusalPhrases = new RegExp(
  [
    "legacy api",
    "LegacyApiNotActivated",
    "project is not authorized to use this api",
    "not activated on your api project",
    "has not been used in project",
    "key is not authorized to use this service or api",
  ].join("|"),
  "i",
);

function isRefusalText(message: unknown): boolean {
  return refusalPhrases.test(String(message));
}
