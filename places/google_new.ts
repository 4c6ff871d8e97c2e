/**
 * Google's Places API (New): a POST to `places:searchNearby`, with a field
 * mask. What it answers is rendered in the shape of the legacy API.
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

/** Where the new Nearby Search answers. */
export const googleNewUrl =
  "https://places.googleapis.com/v1/places:searchNearby";

/**
 * The provider `google-new`.
 *
 * @param key The API key. It goes into a header, and into no message.
 * @param url Where to ask.
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
    // The API cannot be asked for fewer than one.
    emptyAnswer: formatAnswer("OK", [], []),
    async nearby(search, signal): Promise<ByteString> {
      const { body, status } = await fetchBody(new URL(url), {
        method: "POST",
        headers,
        body: formatSearch(search),
        signal,
      });
      // What the body had in escapes is now as it was meant, a key too.
      return redact(renderNearby(body, status));
    },
  };
}

/** The request's body: always for a full page, which costs what one place does. */
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

/** The digits of the client, but for what a number in JSON must not begin with. */
function jsonNumber(digits: ByteString): Verbatim {
  return new Verbatim(digits.replace(/^\+?(-?)0*(?=\d)/, "$1"));
}
