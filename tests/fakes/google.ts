/**
 * A fake of Google's two APIs: a real HTTP server that answers valid requests
 * and refuses invalid ones as Google does.
 *
 * @module
 */
import {
  FakeHttpServer,
  type FakeRequest,
  type Reply,
  respond,
} from "./http_server.ts";
import { legacyPage, legacyRefusal, legacyRefusals } from "./legacy_bodies.ts";
import { newError, newErrors, newPage } from "./new_bodies.ts";

/** The key that the fake accepts. */
export const fakeKey = "AIzaSy-this-is-secret";

/** The path of the legacy Nearby Search. */
export const legacyPath = "/maps/api/place/nearbysearch/json";

/** The path of the new Nearby Search. */
export const newPath = "/v1/places:searchNearby";

/** How many places there are near every position. */
const placesCount = 20;

/** How the fake behaves. */
export interface FakeGoogleOptions {
  /** Whether the legacy API is enabled for the project; by default it is. */
  readonly hasLegacyApi?: boolean;
}

export class FakeGoogle extends FakeHttpServer {
  constructor({ hasLegacyApi = true }: FakeGoogleOptions = {}) {
    super((request) => {
      if (request.url.pathname === newPath) return answerNew(request);
      if (request.url.pathname !== legacyPath) return respond("", 404);
      return hasLegacyApi
        ? answerLegacy(request)
        : respond(legacyRefusals.legacyApiOff, 403);
    });
  }
}

/** A complete body of the API at this path. */
export function bodyAt(path: string): string {
  return path === newPath ? newPage(placesCount) : legacyPage(placesCount);
}

function answerLegacy({ method, url: { searchParams } }: FakeRequest): Reply {
  if (method !== "GET") return respond("", 405);
  const key = searchParams.get("key");
  if (key !== fakeKey) {
    return respond(
      legacyRefusal("REQUEST_DENIED", `The API key ${key} is invalid.`),
    );
  }
  const location = searchParams.get("location") ?? "";
  const radius = searchParams.get("radius") ?? "";
  const isValid = /^-?\d+(\.\d+)?,-?\d+(\.\d+)?$/.test(location) &&
    /^\d+(\.\d+)?$/.test(radius) && Number(radius) <= 50_000;
  return respond(
    isValid ? legacyPage(placesCount) : legacyRefusals.invalidRequest,
  );
}

function answerNew({ body, headers, method }: FakeRequest): Reply {
  if (method !== "POST") return respond("", 405);
  const key = headers.get("x-goog-api-key");
  if (key !== fakeKey) {
    const message = `API key not valid: ${encodeURIComponent(String(key))}`;
    return respond(
      newError("INVALID_ARGUMENT", message, [{ reason: "API_KEY_INVALID" }]),
      400,
    );
  }
  const { locationRestriction, maxResultCount } = JSON.parse(body);
  const { center, radius } = locationRestriction.circle;
  const isValid = headers.get("x-goog-fieldmask")?.startsWith("places.") &&
    Math.abs(center.latitude) <= 90 && Math.abs(center.longitude) <= 180 &&
    radius > 0 && radius <= 50_000 &&
    maxResultCount >= 1 && maxResultCount <= 20;
  return isValid
    ? respond(newPage(Math.min(placesCount, maxResultCount)))
    : respond(newErrors.wrongArgument, 400);
}
