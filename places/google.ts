/**
 * Google's Nearby Search, the legacy API: a GET that answers in JSON. The text
 * is passed on as Google sends it.
 * (https://developers.google.com/maps/documentation/places/web-service/legacy/search-nearby)
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { createFetchBody } from "./fetch_body.ts";
import type { RemoteProvider } from "./provider.ts";

/** Where the legacy Nearby Search answers. */
export const googleUrl =
  "https://maps.googleapis.com/maps/api/place/nearbysearch/json";

/**
 * The provider `google`.
 *
 * @param key The API key. It goes into the query, as the API wants it, and
 * into no message.
 * @param url Where to ask; a query is added.
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
      // Google words its refusals in a body of the usual shape, whatever the
      // status.
      const { body } = await fetchBody(address, { signal });
      return body;
    },
  };
}

function withoutPlus(angle: ByteString): ByteString {
  return angle.startsWith("+") ? angle.slice(1) : angle;
}
