/**
 * Converts answers of Places API (New) to the shape of the legacy Nearby
 * Search. docs/PLACES.md has a table of the fields.
 * (https://developers.google.com/maps/documentation/places/web-service/migrate-response)
 *
 * @module
 */
import { type ByteString, strictTextOfBytes } from "../protocol/bytes.ts";
import { maxPlaces } from "../protocol/limits.ts";
import { formatAnswer, formatRefusal, type RefusalStatus } from "./answer.ts";
import type { Json } from "./print.ts";
import { PlacesError } from "./provider.ts";

/** The fields to request, for the header X-Goog-FieldMask. */
export const fieldMask = [
  "attributions",
  "businessStatus",
  "currentOpeningHours.openNow",
  "displayName",
  "iconBackgroundColor",
  "iconMaskBaseUri",
  "id",
  "location",
  "photos",
  "plusCode",
  "priceLevel",
  "rating",
  "shortFormattedAddress",
  "types",
  "userRatingCount",
  "viewport",
].map((field) => `places.${field}`).join(",");

/**
 * Converts a body of the new API to the shape and format of the legacy API.
 *
 * @param httpStatus The status of the response.
 * @throws {PlacesError} If it is neither an answer of the API nor an error.
 */
export function renderNearby(body: ByteString, httpStatus: number): ByteString {
  const json = parse(body);
  const error = member(json, "error");
  if (error !== undefined) return renderError(error, httpStatus);
  // With status 200, an object without places means that there are none. With
  // another status, it may be the refusal of a proxy.
  if (httpStatus !== 200) {
    throw new PlacesError(`${httpStatus}, and the body has no error`);
  }
  const list = member(json, "places") ?? [];
  if (!Array.isArray(list) || !list.every(isObject)) {
    throw new PlacesError("the body has no places");
  }
  const places = list.slice(0, maxPlaces);
  return formatAnswer(
    places.length > 0 ? "OK" : "ZERO_RESULTS",
    places.map(renderPlace),
    [...new Set(places.flatMap(attributionsOf))],
  );
}

function parse(body: ByteString): object {
  let json: unknown;
  try {
    json = JSON.parse(strictTextOfBytes(body));
  } catch {
    throw new PlacesError("the body is not JSON");
  }
  if (isObject(json)) return json;
  throw new PlacesError("the body has no places");
}

/** One result. Fields that Google leaves out are left out. */
function renderPlace(place: object): Json {
  const displayName = member(place, "displayName");
  const openingHours = member(place, "currentOpeningHours");
  const mask = text(place, "iconMaskBaseUri");
  const openNow = member(openingHours, "openNow");
  return {
    business_status: text(place, "businessStatus"),
    geometry: renderGeometry(place),
    icon: mask && `${mask}.png`,
    icon_background_color: text(place, "iconBackgroundColor"),
    icon_mask_base_uri: mask,
    name: text(displayName, "text"),
    opening_hours: typeof openNow === "boolean"
      ? { open_now: openNow }
      : undefined,
    photos: renderPhotos(member(place, "photos")),
    place_id: text(place, "id"),
    plus_code: renderPlusCode(member(place, "plusCode")),
    price_level: priceLevels.get(text(place, "priceLevel") ?? ""),
    rating: number(place, "rating"),
    types: texts(place, "types"),
    user_ratings_total: number(place, "userRatingCount"),
    vicinity: text(place, "shortFormattedAddress"),
  };
}

const priceLevels: ReadonlyMap<string, number> = new Map([
  ["PRICE_LEVEL_FREE", 0],
  ["PRICE_LEVEL_INEXPENSIVE", 1],
  ["PRICE_LEVEL_MODERATE", 2],
  ["PRICE_LEVEL_EXPENSIVE", 3],
  ["PRICE_LEVEL_VERY_EXPENSIVE", 4],
]);

/** Undefined without a location, which every geometry of the legacy API has. */
function renderGeometry(place: object): Json | undefined {
  const location = renderPoint(member(place, "location"));
  return location && {
    location,
    viewport: renderViewport(member(place, "viewport")),
  };
}

function renderPoint(point: unknown): Json | undefined {
  if (!isObject(point)) return undefined;
  // The JSON of protocol buffers omits fields that are zero.
  return {
    lat: number(point, "latitude") ?? 0,
    lng: number(point, "longitude") ?? 0,
  };
}

function renderViewport(viewport: unknown): Json | undefined {
  return unlessEmpty({
    northeast: renderPoint(member(viewport, "high")),
    southwest: renderPoint(member(viewport, "low")),
  });
}

/** The first photo only, as in the legacy Nearby Search. */
function renderPhotos(photos: unknown): Json | undefined {
  const [photo] = Array.isArray(photos) ? photos : [];
  if (!isObject(photo)) return undefined;
  const authors = member(photo, "authorAttributions");
  return [{
    height: number(photo, "heightPx"),
    html_attributions: (Array.isArray(authors) ? authors : [])
      .flatMap((author) => link(author, "displayName", "uri")),
    photo_reference: text(photo, "name"),
    width: number(photo, "widthPx"),
  }];
}

function renderPlusCode(code: unknown): Json | undefined {
  return unlessEmpty({
    compound_code: text(code, "compoundCode"),
    global_code: text(code, "globalCode"),
  });
}

/** A place's attributions. The legacy shape lists them once for all results. */
function attributionsOf(place: object): string[] {
  const attributions = member(place, "attributions");
  if (!Array.isArray(attributions)) return [];
  return attributions.flatMap((attribution) =>
    link(attribution, "provider", "providerUri")
  );
}

/** An attribution as HTML: a link, or only the name if there is no address. */
function link(attribution: unknown, nameKey: string, uriKey: string): string[] {
  const name = text(attribution, nameKey);
  if (name === undefined) return [];
  const uri = text(attribution, uriKey)?.replace(/^\/\//, "https://");
  return [
    uri === undefined
      ? escapeHtml(name)
      : `<a href="${escapeHtml(uri)}">${escapeHtml(name)}</a>`,
  ];
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * The legacy status for each of Google's error codes.
 * (https://cloud.google.com/apis/design/errors#handling_errors)
 */
const refusals: ReadonlyMap<string, RefusalStatus> = new Map([
  ["FAILED_PRECONDITION", "REQUEST_DENIED"],
  ["INVALID_ARGUMENT", "INVALID_REQUEST"],
  ["NOT_FOUND", "INVALID_REQUEST"],
  ["OUT_OF_RANGE", "INVALID_REQUEST"],
  ["PERMISSION_DENIED", "REQUEST_DENIED"],
  ["RESOURCE_EXHAUSTED", "OVER_QUERY_LIMIT"],
  ["UNAUTHENTICATED", "REQUEST_DENIED"],
]);

/** The legacy status for each HTTP status, for errors without a known code. */
const refusalsByHttpStatus: ReadonlyMap<number, RefusalStatus> = new Map([
  [400, "INVALID_REQUEST"],
  [401, "REQUEST_DENIED"],
  [403, "REQUEST_DENIED"],
  [404, "INVALID_REQUEST"],
  [429, "OVER_QUERY_LIMIT"],
]);

function renderError(error: unknown, httpStatus: number): ByteString {
  const code = text(error, "status") ?? "";
  const status = isWrongKey(error)
    ? "REQUEST_DENIED"
    : refusals.get(code) ?? refusalsByHttpStatus.get(httpStatus) ??
      "UNKNOWN_ERROR";
  return formatRefusal(status, text(error, "message") || code || undefined);
}

/**
 * For a wrong key, the new API answers INVALID_ARGUMENT, the legacy one
 * REQUEST_DENIED.
 */
function isWrongKey(error: unknown): boolean {
  const details = member(error, "details");
  return Array.isArray(details) &&
    details.some((detail) => text(detail, "reason") === "API_KEY_INVALID");
}

/** An object; undefined if it would be printed without members. */
function unlessEmpty(
  members: Readonly<Record<string, Json | undefined>>,
): Json | undefined {
  const isEmpty = Object.values(members).every((value) => value === undefined);
  return isEmpty ? undefined : members;
}

function isObject(json: unknown): json is object {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function member(json: unknown, key: string): unknown {
  return isObject(json) ? Reflect.get(json, key) : undefined;
}

function text(json: unknown, key: string): string | undefined {
  const value = member(json, key);
  return typeof value === "string" ? value : undefined;
}

function number(json: unknown, key: string): number | undefined {
  const value = member(json, key);
  // 1e999 is valid JSON, but is parsed as Infinity, which JSON cannot express.
  return typeof value === "number" && isFinite(value) ? value : undefined;
}

function texts(json: unknown, key: string): string[] | undefined {
  const value = member(json, key);
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "string")
    : undefined;
}
