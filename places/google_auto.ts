/**
 * Google, by whichever of its two APIs the key's project may use: the legacy
 * one, until Google says that the project cannot; from then on the new one.
 *
 * @module
 */
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";
import { PlacesError, type RemoteProvider } from "./provider.ts";

/** The provider `auto`, for who has a key. It goes by the name of the other that it asks. */
export function createGoogleAuto(
  google: RemoteProvider,
  googleNew: RemoteProvider,
): RemoteProvider {
  let chosen = google;
  return {
    isRemote: true,
    get name() {
      return chosen.name;
    },
    get emptyAnswer() {
      return chosen.emptyAnswer;
    },
    async nearby(search, signal): Promise<ByteString> {
      const asked = chosen;
      const body = await asked.nearby(search, signal);
      if (asked === googleNew || !refusesLegacyApi(body)) return body;
      chosen = googleNew;
      // The next attempt asks the other API: one request at a time, so that
      // each is counted.
      throw new PlacesError(
        "Google says that this key cannot use the legacy API",
        true,
      );
    },
  };
}

/**
 * Whether a body says that this key cannot use the API at all. That a key is
 * wrong, or restricted to other addresses, is another matter.
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
 * Google's words: of projects made since 2025 ("You're calling a legacy API,
 * which is not enabled for your project"), of older ones without it ("This API
 * project is not authorized to use this API", "not activated on your API
 * project", "has not been used in project ... before or it is disabled"), and
 * of keys restricted to other APIs ("This API key is not authorized to use this
 * service or API").
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
