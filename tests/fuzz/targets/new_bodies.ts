/**
 * The conversion of bodies of Places API (New) to the legacy shape:
 * `places/google_new_shape.ts` and `places/print.ts`.
 *
 * For every body and HTTP status, the result is a `PlacesError` or a text that
 * the trimmer does not change. The text is JSON without empty lines. It has as
 * many results as there are places, up to 20, and the corresponding status. It
 * contains no `<` or `>`, which a browser could interpret as markup.
 *
 * @module
 */
import { renderNearby } from "../../../places/google_new_shape.ts";
import { PlacesError } from "../../../places/provider.ts";
import { Body } from "../../../places/trim.ts";
import { type ByteString, textOfBytes } from "../../../protocol/bytes.ts";
import { maxPlaces } from "../../../protocol/limits.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";
import { jsonTokens } from "./bodies.ts";

const httpStatuses = [200, 400, 403, 429, 418];

const members = [
  "attributions",
  "authorAttributions",
  "businessStatus",
  "compoundCode",
  "currentOpeningHours",
  "details",
  "displayName",
  "error",
  "heightPx",
  "high",
  "iconMaskBaseUri",
  "latitude",
  "location",
  "message",
  "openNow",
  "photos",
  "places",
  "plusCode",
  "priceLevel",
  "provider",
  "providerUri",
  "rating",
  "reason",
  "status",
  "text",
  "toString",
  "types",
  "viewport",
];

/** @param render The function under test. */
export function newBodiesTarget(render = renderNearby): Target {
  return {
    name: "new_bodies",
    tokens: [
      ...jsonTokens,
      ...members.map((name) => `"${name}":`),
      "1e999",
      '"PRICE_LEVEL_FREE"',
      '"API_KEY_INVALID"',
      '"PERMISSION_DENIED"',
      '{"text":"Caf\xc3\xa9"}',
      "<b>",
      "\\ud800",
      "\\u0000",
    ],
    check: (body) =>
      `${magnitude(body.length)} ` +
      httpStatuses.map((status) => checkStatus(render, body, status)).join(),
  };
}

function checkStatus(
  render: typeof renderNearby,
  body: ByteString,
  httpStatus: number,
): string {
  let rendered: ByteString;
  try {
    rendered = render(body, httpStatus);
  } catch (error) {
    if (error instanceof PlacesError) return error.message;
    throw error;
  }
  const { status, text } = new Body(rendered);
  demandSame("the text without empty lines", text, rendered);
  demand("no angle brackets", !/[<>]/.test(rendered));
  const { results } = JSON.parse(textOfBytes(rendered));
  const { error, places } = JSON.parse(textOfBytes(body));
  const count = error === undefined
    ? Math.min(places?.length ?? 0, maxPlaces)
    : 0;
  demandSame("how many results", results.length, count);
  demandSame("whether it is OK", status === "OK", count > 0);
  return `${status} ${count}`;
}
