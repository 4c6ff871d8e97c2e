import fc from "../fast_check.ts";
import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { fieldMask, renderNearby } from "../../places/google_new_shape.ts";
import { PlacesError } from "../../places/provider.ts";
import { Body } from "../../places/trim.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertProperty } from "../property.ts";
import {
  newError,
  newErrors,
  newNothing,
  newPage,
  newPlace,
  printNew,
} from "../fakes/new_bodies.ts";

const render = (text: string) =>
  textOfBytes(renderNearby(bytesOfText(text), 200));

const renderPlaces = (...places: readonly unknown[]) =>
  render(printNew({ places }));

/** The result for one place, as an object. */
const resultOf = (place: unknown) => JSON.parse(renderPlaces(place)).results[0];

const pageOfTwo = `{
   "html_attributions" : [
      "\\u003ca href=\\"https://kiwi.example/\\"\\u003eKiwi Listings\\u003c/a\\u003e"
   ],
   "results" : [
      {
         "business_status" : "OPERATIONAL",
         "geometry" : {
            "location" : {
               "lat" : 34.0625,
               "lng" : -118.4375
            },
            "viewport" : {
               "northeast" : {
                  "lat" : 34.5625,
                  "lng" : -117.9375
               },
               "southwest" : {
                  "lat" : 33.5625,
                  "lng" : -118.9375
               }
            }
         },
         "icon" : "https://icons.example/v2/tea_pinlet.png",
         "icon_background_color" : "#FF9E67",
         "icon_mask_base_uri" : "https://icons.example/v2/tea_pinlet",
         "name" : "Caf\u00e9 Zw\u00f6lf",
         "opening_hours" : {
            "open_now" : true
         },
         "photos" : [
            {
               "height" : 1080,
               "html_attributions" : [
                  "\\u003ca href=\\"https://contributors.example/0\\"\\u003ePhotographer 0\\u003c/a\\u003e"
               ],
               "photo_reference" : "places/ChIJ-made_up_0/photos/Aap_0",
               "width" : 1920
            }
         ],
         "place_id" : "ChIJ-made_up_0",
         "plus_code" : {
            "compound_code" : "3H0F+X2 Kiwiton",
            "global_code" : "85633H0F+X2"
         },
         "price_level" : 0,
         "rating" : 3,
         "types" : [ "tea_house", "food", "point_of_interest", "establishment" ],
         "user_ratings_total" : 17,
         "vicinity" : "0 Kiwi Road, Kiwiton"
      },
      {
         "business_status" : "OPERATIONAL",
         "geometry" : {
            "location" : {
               "lat" : 34.0703125,
               "lng" : -118.4453125
            },
            "viewport" : {
               "northeast" : {
                  "lat" : 34.5703125,
                  "lng" : -117.9453125
               },
               "southwest" : {
                  "lat" : 33.5703125,
                  "lng" : -118.9453125
               }
            }
         },
         "icon" : "https://icons.example/v2/tea_pinlet.png",
         "icon_background_color" : "#FF9E67",
         "icon_mask_base_uri" : "https://icons.example/v2/tea_pinlet",
         "name" : "\u65e5\u672c\u8336 \u307f\u3069\u308a",
         "opening_hours" : {
            "open_now" : false
         },
         "photos" : [
            {
               "height" : 1080,
               "html_attributions" : [
                  "\\u003ca href=\\"https://contributors.example/1\\"\\u003ePhotographer 1\\u003c/a\\u003e"
               ],
               "photo_reference" : "places/ChIJ-made_up_1/photos/Aap_0",
               "width" : 1920
            }
         ],
         "place_id" : "ChIJ-made_up_1",
         "plus_code" : {
            "compound_code" : "3H1F+X2 Kiwiton",
            "global_code" : "85633H1F+X2"
         },
         "price_level" : 1,
         "rating" : 3.0625,
         "types" : [ "tea_house", "food", "point_of_interest", "establishment" ],
         "user_ratings_total" : 18,
         "vicinity" : "1 Kiwi Road, Kiwiton"
      }
   ],
   "status" : "OK"
}`;

Deno.test({
  name:
    "a page of the new API is converted to the legacy format, byte for byte",
  permissions: "none",
  fn() {
    assertEquals(render(newPage(2)), pageOfTwo);
  },
});

Deno.test({
  name: "a page of 20 keeps its order and can be cut",
  permissions: "none",
  fn() {
    const body = new Body(renderNearby(bytesOfText(newPage(20)), 200));
    assertEquals(textOfBytes(body.cut(2)), pageOfTwo);
    assertEquals(
      JSON.parse(textOfBytes(body.text)).results.map(
        (result: { place_id: string }) => result.place_id,
      ),
      Array.from({ length: 20 }, (_, index) => newPlace(index).id),
    );
  },
});

Deno.test({
  name: "fields that Google leaves out are left out",
  permissions: "none",
  fn() {
    assertEquals(
      renderPlaces({ id: "ChIJ-made_up_0" }),
      `{
   "html_attributions" : [],
   "results" : [
      {
         "place_id" : "ChIJ-made_up_0"
      }
   ],
   "status" : "OK"
}`,
    );
  },
});

Deno.test({
  name: "an answer without places is ZERO_RESULTS",
  permissions: "none",
  fn() {
    const nothing = `{
   "html_attributions" : [],
   "results" : [],
   "status" : "ZERO_RESULTS"
}`;
    assertEquals(render(newNothing), nothing);
    assertEquals(render("{}"), nothing);
    assertEquals(render(newPage(0)), nothing);
    assertEquals(render('{"places": []}'), nothing);
  },
});

Deno.test({
  name: "an error is converted to a refusal with its message, byte for byte",
  permissions: "none",
  fn() {
    const { message } = JSON.parse(newErrors.apiOff).error;
    assertEquals(
      render(newErrors.apiOff),
      `{
   "error_message" : "${message}",
   "html_attributions" : [],
   "results" : [],
   "status" : "REQUEST_DENIED"
}`,
    );
  },
});

Deno.test({
  name: "every error has a status of the legacy API",
  permissions: "none",
  fn() {
    const statuses = Object.entries({
      FAILED_PRECONDITION: "REQUEST_DENIED",
      INTERNAL: "UNKNOWN_ERROR",
      INVALID_ARGUMENT: "INVALID_REQUEST",
      NOT_FOUND: "INVALID_REQUEST",
      OUT_OF_KIWIS: "UNKNOWN_ERROR",
      OUT_OF_RANGE: "INVALID_REQUEST",
      PERMISSION_DENIED: "REQUEST_DENIED",
      RESOURCE_EXHAUSTED: "OVER_QUERY_LIMIT",
      UNAUTHENTICATED: "REQUEST_DENIED",
      UNAVAILABLE: "UNKNOWN_ERROR",
      // Names of properties that every object has.
      constructor: "UNKNOWN_ERROR",
      "": "UNKNOWN_ERROR",
    });
    for (const [code, status] of statuses) {
      assertEquals(JSON.parse(render(newError(code, `Because <${code}>.`))), {
        error_message: `Because <${code}>.`,
        html_attributions: [],
        results: [],
        status,
      });
    }
  },
});

Deno.test({
  name: "each of Google's errors has its legacy status",
  permissions: "none",
  fn() {
    const statusOf = (text: string) => JSON.parse(render(text)).status;
    assertEquals(statusOf(newErrors.wrongKey), "REQUEST_DENIED");
    assertEquals(statusOf(newErrors.wrongArgument), "INVALID_REQUEST");
    assertEquals(statusOf(newErrors.noKey), "REQUEST_DENIED");
    assertEquals(statusOf(newErrors.apiOff), "REQUEST_DENIED");
    assertEquals(statusOf(newErrors.overLimit), "OVER_QUERY_LIMIT");
    assertEquals(statusOf(newErrors.unavailable), "UNKNOWN_ERROR");
    assertEquals(statusOf(newErrors.internal), "UNKNOWN_ERROR");
    assertEquals(statusOf(newErrors.unheardOf), "UNKNOWN_ERROR");
    // Details of other kinds do not concern the key.
    for (const details of [[{ reason: "OTHER" }, null, 1], {}, "x", null]) {
      assertEquals(
        statusOf(printNew({ error: { status: "INVALID_ARGUMENT", details } })),
        "INVALID_REQUEST",
      );
    }
  },
});

Deno.test({
  name: "an error without a message has its code as the message",
  permissions: "none",
  fn() {
    const error = { code: 503, status: "UNAVAILABLE", message: 7 };
    assertEquals(
      JSON.parse(render(printNew({ error }))).error_message,
      "UNAVAILABLE",
    );
    for (const error of [{}, { status: 7 }, "no", 7, []]) {
      assertEquals(
        JSON.parse(render(printNew({ error }))).status,
        "UNKNOWN_ERROR",
      );
    }
  },
});

Deno.test({
  name: "a body that is neither an answer nor an error is a PlacesError",
  permissions: "none",
  fn() {
    for (
      const bytes of [
        "",
        "<html>",
        "null",
        "[]",
        "7",
        '"places"',
        '{"places":{}}',
        '{"places":"ChIJ"}',
        '{"places":7}',
        '{"places":[null]}',
        '{"places":[{},[]]}',
        '{"places":[{},"ChIJ"]}',
        newPage(1).slice(0, -3),
        newPage(1) + "}",
        '{"places":[{"id":"\xff"}]}',
      ]
    ) assertThrows(() => renderNearby(bytes, 200), PlacesError);
  },
});

Deno.test({
  name: "coordinates that the new API leaves out are zero",
  permissions: "none",
  fn() {
    assertEquals(
      resultOf({
        location: {},
        viewport: { low: { latitude: -1 }, high: { longitude: 1 } },
      }),
      {
        geometry: {
          location: { lat: 0, lng: 0 },
          viewport: {
            northeast: { lat: 0, lng: 1 },
            southwest: { lat: -1, lng: 0 },
          },
        },
      },
    );
    assertEquals(resultOf({ rating: 0, userRatingCount: 0 }), {
      rating: 0,
      user_ratings_total: 0,
    });
  },
});

Deno.test({
  name: "a place has no empty member if the new API's answer lacks it",
  permissions: "none",
  fn() {
    const empty = {
      currentOpeningHours: {},
      displayName: {},
      plusCode: {},
      viewport: {},
    };
    assertEquals(resultOf(empty), {});
    // A geometry of the legacy API has a location.
    const viewport = { low: {}, high: {} };
    assertEquals(resultOf({ viewport }), {});
    assertEquals(resultOf({ location: {}, viewport: {} }), {
      geometry: { location: { lat: 0, lng: 0 } },
    });
  },
});

Deno.test({
  name: "every known price level has its number, others have none",
  permissions: "none",
  fn() {
    for (
      const [level, number] of [
        ["FREE", 0],
        ["INEXPENSIVE", 1],
        ["MODERATE", 2],
        ["EXPENSIVE", 3],
        ["VERY_EXPENSIVE", 4],
        ["UNSPECIFIED", undefined],
      ]
    ) {
      const priceLevel = `PRICE_LEVEL_${level}`;
      assertEquals(resultOf({ priceLevel }).price_level, number);
    }
    assertEquals(resultOf({ priceLevel: 2 }), {});
  },
});

Deno.test({
  name: "names in attributions are text, not markup",
  permissions: "none",
  fn() {
    const name = `<b>"Bold" & 'Sons'</b>`;
    const uri = 'https://kiwi.example/?a="1"&b=<2>';
    const link =
      '<a href="https://kiwi.example/?a=&quot;1&quot;&amp;b=&lt;2&gt;">' +
      "&lt;b&gt;&quot;Bold&quot; &amp; 'Sons'&lt;/b&gt;</a>";
    const place = {
      displayName: { text: name },
      attributions: [{ provider: name, providerUri: uri }],
      photos: [{ authorAttributions: [{ displayName: name, uri }] }],
    };
    const { html_attributions, results: [result] } = JSON.parse(
      renderPlaces(place),
    );
    assertEquals(html_attributions, [link]);
    assertEquals(result.photos[0].html_attributions, [link]);
    // The place's own name is not HTML, as in the legacy API.
    assertEquals(result.name, name);
    assert(!/[<>]/.test(renderPlaces(place)), "markup is escaped in the JSON");
  },
});

Deno.test({
  name: "an attribution of several places is listed once, in order",
  permissions: "none",
  fn() {
    const from = (provider: unknown, providerUri?: unknown) => ({
      attributions: [{ provider, providerUri }],
    });
    const { html_attributions } = JSON.parse(renderPlaces(
      from("A"),
      from("B", "//b.example/"),
      from("A"),
      from("A", "https://a.example/"),
      { attributions: [null, 7, {}, { providerUri: "https://c.example/" }] },
      from(7),
      { attributions: "D" },
      from("<E>", 7),
    ));
    assertEquals(html_attributions, [
      "A",
      '<a href="https://b.example/">B</a>',
      '<a href="https://a.example/">A</a>',
      "&lt;E&gt;",
    ]);
  },
});

/** An object without the member at this path. */
function without(object: object, [key, ...rest]: readonly string[]): object {
  const { [key]: value, ...others } = object as Record<string, object>;
  return rest.length === 0
    ? others
    : { ...others, [key]: without(value, rest) };
}

/** An object with only the members at these paths. */
function pick(object: object, paths: readonly string[][]): object {
  const picked: Record<string, unknown> = {};
  for (const [key, ...rest] of paths) {
    const value = (object as Record<string, object>)[key];
    picked[key] = rest.length === 0 ? value : pick(value, [rest]);
  }
  return picked;
}

const maskedPaths = fieldMask.split(",")
  .map((field) => field.split(".").slice(1));

Deno.test({
  name: "exactly the requested fields are used",
  permissions: "none",
  fn() {
    assert(/^places\.[\w.]+(,places\.[\w.]+)*$/.test(fieldMask), fieldMask);
    assertEquals(new Set(maskedPaths.map(String)).size, maskedPaths.length);
    const place = newPlace(1);
    const rendered = renderPlaces(place);
    for (const path of maskedPaths) {
      assert(
        renderPlaces(without(place, path)) !== rendered,
        `${path} is not used`,
      );
    }
    assertEquals(renderPlaces(pick(place, maskedPaths)), rendered);
    // The hours of the whole week would not be used.
    assert(fieldMask.includes("places.currentOpeningHours.openNow"), fieldMask);
  },
});

Deno.test({
  name: "a field of the wrong type is left out",
  permissions: "none",
  fn() {
    for (const wrong of [null, true, 7, "x", [], {}, [[]], [null], [{}]]) {
      for (const [key, right] of Object.entries(newPlace(1))) {
        if (isSameKind(wrong, right)) continue;
        assertEquals(
          renderPlaces({ ...newPlace(1), [key]: wrong }),
          renderPlaces(without(newPlace(1), [key])),
          `${key} ${JSON.stringify(wrong)}`,
        );
      }
    }
    assertEquals(resultOf({ types: ["a", 7, null, "b", ["c"]] }).types, [
      "a",
      "b",
    ]);
    assertEquals(resultOf({ currentOpeningHours: { openNow: "true" } }), {});
    assertEquals(resultOf({ photos: [{}] }).photos, [{
      html_attributions: [],
    }]);
    // Too large for JavaScript; Infinity is not valid JSON.
    assertEquals(
      JSON.parse(render('{"places":[{"rating":1e999,"id":"a"}]}')).results,
      [{ place_id: "a" }],
    );
  },
});

/** Whether two values are of the same kind. */
function isSameKind(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && one !== null &&
    Array.isArray(one) === Array.isArray(other);
}

// Arbitraries for the property below: any JSON under the known keys.

/** Replaced by a number that is too large for JavaScript. */
const huge = "\u{1f95d} huge";

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 1, stringUnit: "binary" }),
  fc.constantFrom<unknown>(huge, "", "//", "<\"&'>", -0, 1e300, "\ud83e"),
);

const maybe = (likely: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: likely }, { weight: 1, arbitrary: junk });

const object = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  maybe(fc.record(fields, { requiredKeys: [] }));

const list = (item: fc.Arbitrary<unknown>) =>
  maybe(fc.array(item, { maxLength: 3 }));

const anyText = maybe(fc.string({ unit: "binary" }));
const anyNumber = maybe(fc.oneof(fc.double({ noNaN: true }), fc.integer()));
const anyPoint = object({ latitude: anyNumber, longitude: anyNumber });

const anyPlace = object({
  attributions: list(object({ provider: anyText, providerUri: anyText })),
  businessStatus: anyText,
  currentOpeningHours: object({ openNow: maybe(fc.boolean()) }),
  displayName: object({ text: anyText, languageCode: anyText }),
  iconBackgroundColor: anyText,
  iconMaskBaseUri: anyText,
  id: anyText,
  location: anyPoint,
  photos: list(object({
    name: anyText,
    widthPx: anyNumber,
    heightPx: anyNumber,
    authorAttributions: list(object({ displayName: anyText, uri: anyText })),
  })),
  plusCode: object({ globalCode: anyText, compoundCode: anyText }),
  priceLevel: maybe(fc.constantFrom("PRICE_LEVEL_FREE", "PRICE_LEVEL_NEW")),
  rating: anyNumber,
  shortFormattedAddress: anyText,
  types: list(anyText),
  userRatingCount: anyNumber,
  viewport: object({ low: anyPoint, high: anyPoint }),
});

const anyError = object({
  code: anyNumber,
  message: anyText,
  status: maybe(fc.constantFrom("INVALID_ARGUMENT", "UNAVAILABLE")),
  details: list(object({ reason: maybe(fc.constant("API_KEY_INVALID")) })),
});

const anyBody = fc.oneof(
  { weight: 6, arbitrary: fc.record({ places: list(anyPlace) }) },
  { weight: 2, arbitrary: fc.record({ error: anyError }) },
  { weight: 1, arbitrary: junk },
).map((body) => JSON.stringify(body).replaceAll(`"${huge}"`, "1e999"));

Deno.test({
  name: "any JSON gives an answer in the legacy shape or a PlacesError",
  permissions: "none",
  fn() {
    let answers = 0;
    assertProperty(
      fc.property(anyBody, (text) => {
        let rendered;
        try {
          rendered = renderNearby(bytesOfText(text), 200);
        } catch (error) {
          assert(error instanceof PlacesError, String(error));
          return;
        }
        answers += 1;
        assertEquals(new Body(rendered).text, rendered);
        const { places = [] } = JSON.parse(text);
        const { error_message, html_attributions, results } = JSON.parse(
          textOfBytes(rendered),
        );
        if (error_message === undefined) {
          assertEquals(results.length, places?.length ?? 0);
        }
        assert(
          html_attributions.every((html: unknown) => typeof html === "string"),
        );
      }),
      { numRuns: 1_000 },
    );
    assert(answers > 300, `of 1,000 only ${answers} were answers`);
  },
});

Deno.test({
  name: "a proxy's refusal is a PlacesError",
  permissions: "none",
  fn() {
    for (const text of ["{}", '{"message":"Forbidden"}', newPage(1)]) {
      for (const httpStatus of [400, 403, 404, 429]) {
        assertThrows(
          () => renderNearby(bytesOfText(text), httpStatus),
          PlacesError,
          `${httpStatus}, and the body has no error`,
        );
      }
    }
  },
});

Deno.test({
  name: "an error without a known code gets its status from the HTTP status",
  permissions: "none",
  fn() {
    for (const code of [undefined, "", "OUT_OF_KIWIS", 7]) {
      const error = { code: 1, message: "No.", status: code };
      const statuses = [400, 401, 403, 404, 429, 409, 200].map((httpStatus) => {
        const body = renderNearby(bytesOfText(printNew({ error })), httpStatus);
        return JSON.parse(textOfBytes(body)).status;
      });
      assertEquals(statuses, [
        "INVALID_REQUEST",
        "REQUEST_DENIED",
        "REQUEST_DENIED",
        "INVALID_REQUEST",
        "OVER_QUERY_LIMIT",
        "UNKNOWN_ERROR",
        "UNKNOWN_ERROR",
      ]);
    }
  },
});

Deno.test({
  name: "surplus places are left out",
  permissions: "none",
  fn() {
    const places = Array.from({ length: 50 }, (_, index) => newPlace(index));
    assertEquals(render(printNew({ places })), render(newPage(20)));
  },
});
