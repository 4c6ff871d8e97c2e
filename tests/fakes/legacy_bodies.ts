/**
 * Bodies in the form of Google's legacy Nearby Search. The places are invented,
 * but have the difficulties of real ones: other scripts, quotes, brackets,
 * backslashes, markup, and a list `results` within a result.
 *
 * @module
 */

/** A JSON value. */
type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

interface PrintStyle {
  readonly indent: string;
  readonly colon: string;
  readonly newline: "\n" | "";
  /** Whether the brace or bracket after a key is on the next line. */
  readonly opensOnNextLine: boolean;
  /** Whether a list of short texts is on one line. */
  readonly joinsShortTexts: boolean;
}

const styles = {
  /** Google's style until 2023. */
  google: {
    indent: "   ",
    colon: " : ",
    newline: "\n",
    opensOnNextLine: false,
    joinsShortTexts: true,
  },
  /** Google's style since 2023. */
  google2023: {
    indent: "   ",
    colon: " : ",
    newline: "\n",
    opensOnNextLine: true,
    joinsShortTexts: false,
  },
  compact: {
    indent: "",
    colon: ":",
    newline: "",
    opensOnNextLine: false,
    joinsShortTexts: false,
  },
  twoSpace: {
    indent: "  ",
    colon: ": ",
    newline: "\n",
    opensOnNextLine: false,
    joinsShortTexts: false,
  },
} satisfies Record<string, PrintStyle>;

/** The name of a style of JSON. */
export type StyleName = keyof typeof styles;

/** The names of all styles of JSON. */
export const styleNames = Object.keys(styles) as StyleName[];

/**
 * A page of `count` results, 0 to 20. A longer page begins with the same
 * results as a shorter one.
 */
export function legacyPage(count: number, style: StyleName = "google"): string {
  return printLegacy({
    html_attributions: ['Listings by <a href="https://kiwi.example/">Kiwi</a>'],
    next_page_token: "AXq-Zk_[next],{page}\\" + "q7".repeat(80),
    results: Array.from({ length: count }, (_, index) => legacyResult(index)),
    status: "OK",
  }, style);
}

/** The answer without results. */
export function legacyNothing(style: StyleName = "google"): string {
  return printLegacy({
    html_attributions: [],
    results: [],
    status: "ZERO_RESULTS",
  }, style);
}

/** A refusal with this status and message. */
export function legacyRefusal(
  status: string,
  message: string,
  style: StyleName = "google",
): string {
  return printLegacy({
    error_message: message,
    html_attributions: [],
    results: [],
    status,
  }, style);
}

/** Google's refusals. */
export const legacyRefusals = {
  wrongKey: legacyRefusal(
    "REQUEST_DENIED",
    "The provided API key is invalid. ",
  ),
  legacyApiOff: legacyRefusal(
    "REQUEST_DENIED",
    "You're calling a legacy API, which is not enabled for your project. " +
      "To get newer features and more functionality, switch to the Places API " +
      "(New) or Routes API. Learn more: " +
      "https://developers.google.com/maps/legacy#LegacyApiNotActivatedMapError",
  ),
  overLimit: legacyRefusal(
    "OVER_QUERY_LIMIT",
    "You have exceeded your daily request quota for this API.",
  ),
  invalidRequest: legacyRefusal(
    "INVALID_REQUEST",
    "The location parameter is missing or is no pair of numbers.",
  ),
  unknownError: legacyRefusal(
    "UNKNOWN_ERROR",
    "The server could not answer. Please try again.",
  ),
};

const names = [
  "Café Zwölf",
  "日本茶 みどり",
  "Kiwi & Sons 🥝",
  'The "Anchor" [at the {old} harbour], No. 1',
  'Back\\slash ]},\\" Books\\',
  "Plain Bakery",
  "<b>Bold</b> Burgers",
];

function legacyResult(index: number): Json {
  const name = names[index % names.length];
  return {
    business_status: "OPERATIONAL",
    geometry: geometry(34.0625 + index / 128, -118.4375 - index / 128),
    icon: "https://icons.example/v1/shop-71.png",
    icon_background_color: "#7B9EB0",
    icon_mask_base_uri: "https://icons.example/v2/shop_pinlet",
    name,
    opening_hours: { open_now: index % 2 === 0, weekday_text: [] },
    photos: [photo(name, index)],
    place_id: `ChIJ-made_up_${index}`,
    plus_code: {
      compound_code: `3H${index}F+X2 Kiwiton, ニュージーランド`,
      global_code: `85633H${index}F+X2`,
    },
    price_level: index % 5,
    rating: 3 + index / 16,
    reference: `ChIJ-made_up_${index}`,
    scope: "GOOGLE",
    // Not a key of Google's. Tests that nested keys `results` are not cut.
    ...(index === 1 ? { survey: { results: [[], { results: [1] }, 2] } } : {}),
    types: ["shop", "food", "point_of_interest", "establishment"],
    user_ratings_total: 17 * index,
    vicinity: `${index} Kiwi Road, Kiwiton`,
  };
}

function geometry(lat: number, lng: number): Json {
  const corner = (by: number) => ({ lat: lat + by, lng: lng + by });
  return {
    location: { lat, lng },
    viewport: { northeast: corner(1 / 512), southwest: corner(-1 / 512) },
  };
}

function photo(name: string, index: number): Json {
  const href = `https://contributors.example/${index}?a=1&b=2`;
  return {
    height: 1080 + index,
    html_attributions: [`<a href="${href}">${name}</a>`],
    photo_reference: `Aap_made-up_${"xY7".repeat(30)}${index}`,
    width: 1920,
  };
}

/**
 * Prints a value in a style, with a final newline if the style has newlines.
 */
function printLegacy(value: Json, style: StyleName): string {
  return print(value, styles[style], "") + styles[style].newline;
}

function print(value: Json, style: PrintStyle, margin: string): string {
  if (typeof value !== "object" || value === null) return printScalar(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const inner = margin + style.indent;
  const items = Array.isArray(value)
    ? value.map((item) => print(item, style, inner))
    : Object.entries(value).map(([key, item]) =>
      printScalar(key) + printMember(item, style, inner)
    );
  if (items.length === 0) return open + close;
  if (style.joinsShortTexts && isShortTexts(value)) {
    return `[ ${items.join(", ")} ]`;
  }
  const { newline } = style;
  const lines = items.map((item) => newline + inner + item);
  return open + lines.join(",") + newline + margin + close;
}

/** Prints the colon and the value of a member. */
function printMember(value: Json, style: PrintStyle, margin: string): string {
  const text = print(value, style, margin);
  const isOnNextLine = style.opensOnNextLine && /^[[{]\n/.test(text);
  return style.colon + (isOnNextLine ? `\n${margin}` : "") + text;
}

function isShortTexts(value: Json): boolean {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string" && item.length < 30);
}

function printScalar(value: string | number | boolean | null): string {
  return JSON.stringify(value).replace(
    /[<>]/g,
    (sign) => sign === "<" ? "\\u003c" : "\\u003e",
  );
}
