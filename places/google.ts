/**
 * Google's Nearby Search, legacy API: a GET request, answered in JSON. The text
 * is passed on unchanged.
 * (https://developers.google.com/maps/documentation/places/web-service/legacy/search-nearby)
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { createFetchBody } from "./fetch_body.ts";
import type { RemoteProvider } from "./provider.ts";

/** The address of the legacy Nearby Search. */
export const googleUrl =
  "https://maps.googleapis.com/maps/api/place/nearbysearch/json";

/**
 * The provider `google`.
 *
 * @param key The API key. It is sent in the URL's query, as the API requires,
 * and appears in no message.
 * @param url The address, to which a query is added.
 */
export function createGoogle(key: string, url: string): RemoteProvider {
  const fetchBody = createFetchBody(key);
  return {
    name: "google",
    isRemote: true,
    async nearby({ position, radiusMetres }, signal): Promise<ByteString> {
      const address = new URL(url);
      const latitude = withoutPlus(position.latitude);
      const longitude = withoutPlus(position.longitude);
      address.searchParams.set("location", `${latitude},${longitude}`);
      address.searchParams.set("radius", radiusMetres);
      address.searchParams.set("key", key);
      // Google's refusals have a body of the usual shape, whatever the HTTP
      // status.
      const { body } = await fetchBody(address, { signal });
      return body;
    },
  };
}

function withoutPlus(angle: ByteString): ByteString {
  return angle.startsWith("+") ? angle.slice(1) : angle;
}
