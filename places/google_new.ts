/**
 * Google's Places API (New): a POST request to `places:searchNearby` with a
 * field mask. Answers are converted to the shape of the legacy API.
 * (https://developers.google.com/maps/documentation/places/web-service/nearby-search)
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { maxPlaces } from "../protocol/limits.ts";
import { formatAnswer } from "./answer.ts";
import { createFetchBody } from "./fetch_body.ts";
import { fieldMask, renderNearby } from "./google_new_shape.ts";
import { printJson, Verbatim } from "./print.ts";
import type { PlacesSearch, RemoteProvider } from "./provider.ts";
import { createRedactor } from "./redact.ts";

/** The address of the new Nearby Search. */
export const googleNewUrl =
  "https://places.googleapis.com/v1/places:searchNearby";

/**
 * The provider `google-new`.
 *
 * @param key The API key. It is sent in a header and appears in no message.
 * @param url The address.
 */
export function createGoogleNew(key: string, url: string): RemoteProvider {
  const fetchBody = createFetchBody(key);
  const redact = createRedactor(key);
  const headers = {
    "content-type": "application/json",
    "x-goog-api-key": key,
    "x-goog-fieldmask": fieldMask,
  };
  return {
    name: "google-new",
    isRemote: true,
    // The API accepts no limit below 1.
    emptyAnswer: formatAnswer("OK", [], []),
    async nearby(search, signal): Promise<ByteString> {
      const { body, status } = await fetchBody(new URL(url), {
        method: "POST",
        headers,
        body: formatSearch(search),
        signal,
      });
      // Rendering decodes escapes, so a key that was escaped may appear now.
      return redact(renderNearby(body, status));
    },
  };
}

/**
 * The request's body. It asks for a full page, which costs as much as one
 * place.
 */
function formatSearch({ position, radiusMetres }: PlacesSearch): string {
  return printJson({
    maxResultCount: maxPlaces,
    locationRestriction: {
      circle: {
        center: {
          latitude: jsonNumber(position.latitude),
          longitude: jsonNumber(position.longitude),
        },
        radius: jsonNumber(radiusMetres),
      },
    },
  });
}

/**
 * The client's digits, without the plus sign and leading zeros, which JSON does
 * not allow.
 */
function jsonNumber(digits: ByteString): Verbatim {
  return new Verbatim(digits.replace(/^\+?(-?)0*(?=\d)/, "$1"));
}
