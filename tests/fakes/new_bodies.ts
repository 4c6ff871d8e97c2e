/**
 * Bodies in the form of Places API (New), `places:searchNearby`. The places are
 * invented.
 *
 * @module
 */

/** A place with all fields that can be requested. */
export type NewPlace = ReturnType<typeof newPlace>;

/** A page of `count` places, 0 to 20. */
export function newPage(count: number): string {
  if (count === 0) return newNothing;
  return printNew({
    places: Array.from({ length: count }, (_, index) => newPlace(index)),
  });
}

/** The answer without places. The API leaves out empty lists. */
export const newNothing = "{}\n";

/** Prints a value in the API's style. */
export function printNew(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

const names = [
  "Café Zwölf",
  "日本茶 みどり",
  "Kiwi & Sons 🥝",
  'The "Anchor" [at the {old} harbour], No. 1',
  "<b>Bold</b> Burgers",
];

const priceLevels = [
  "PRICE_LEVEL_FREE",
  "PRICE_LEVEL_INEXPENSIVE",
  "PRICE_LEVEL_MODERATE",
  "PRICE_LEVEL_EXPENSIVE",
  "PRICE_LEVEL_VERY_EXPENSIVE",
];

/** A place with all fields that can be requested; it differs for each index. */
export function newPlace(index: number) {
  const latitude = 34.0625 + index / 128;
  const longitude = -118.4375 - index / 128;
  return {
    id: `ChIJ-made_up_${index}`,
    types: ["tea_house", "food", "point_of_interest", "establishment"],
    location: { latitude, longitude },
    viewport: {
      low: { latitude: latitude - 0.5, longitude: longitude - 0.5 },
      high: { latitude: latitude + 0.5, longitude: longitude + 0.5 },
    },
    rating: 3 + index / 16,
    businessStatus: "OPERATIONAL",
    priceLevel: priceLevels[index % priceLevels.length],
    iconMaskBaseUri: "https://icons.example/v2/tea_pinlet",
    iconBackgroundColor: "#FF9E67",
    userRatingCount: 17 + index,
    displayName: { text: names[index % names.length], languageCode: "en" },
    currentOpeningHours: { openNow: index % 2 === 0 },
    shortFormattedAddress: `${index} Kiwi Road, Kiwiton`,
    photos: [newPhoto(index, 0), newPhoto(index, 1)],
    plusCode: {
      globalCode: `85633H${index}F+X2`,
      compoundCode: `3H${index}F+X2 Kiwiton`,
    },
    attributions: [
      { provider: "Kiwi Listings", providerUri: "https://kiwi.example/" },
    ],
  };
}

function newPhoto(index: number, number: number) {
  return {
    name: `places/ChIJ-made_up_${index}/photos/Aap_${number}`,
    widthPx: 1920,
    heightPx: 1080 + number,
    authorAttributions: [{
      displayName: `Photographer ${index}`,
      uri: `https://contributors.example/${index}`,
      photoUri: `https://contributors.example/${index}/face.png`,
    }],
  };
}

/** The HTTP statuses of Google's errors. */
const httpStatuses: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

/** The body of an error. Its `code` is also the HTTP status of the response. */
export function newError(
  status: string,
  message: string,
  details?: readonly unknown[],
): string {
  const code = httpStatuses[status] ?? 500;
  return printNew({ error: { code, message, status, details } });
}

function errorInfo(reason: string) {
  return {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason,
    domain: "googleapis.com",
    metadata: { service: "places.googleapis.com" },
  };
}

/** Google's errors. */
export const newErrors = {
  wrongKey: newError(
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    [
      {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        locale: "en-US",
        message: "API key not valid. Please pass a valid API key.",
      },
      errorInfo("API_KEY_INVALID"),
    ],
  ),
  wrongArgument: newError(
    "INVALID_ARGUMENT",
    "Error in searchNearby: Invalid radius value provided: 0.",
  ),
  noKey: newError(
    "UNAUTHENTICATED",
    "Request is missing required authentication credential.",
    [errorInfo("CREDENTIALS_MISSING")],
  ),
  apiOff: newError(
    "PERMISSION_DENIED",
    "Places API (New) has not been used in project 123456789 before or it is " +
      "disabled. Enable it, then retry.",
    [errorInfo("SERVICE_DISABLED")],
  ),
  overLimit: newError(
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for quota metric 'SearchNearbyRequest'.",
    [errorInfo("RATE_LIMIT_EXCEEDED")],
  ),
  unavailable: newError(
    "UNAVAILABLE",
    "The service is currently unavailable.",
  ),
  internal: newError("INTERNAL", "Internal error encountered."),
  /** An error with an unknown status. */
  unheardOf: newError("OUT_OF_KIWIS", "There are no kiwis left."),
};
