import fc from "../fast_check.ts";
import { indexGazetteer, loadGazetteer } from "../../places/gazetteer.ts";
import {
  gazetteerPlaces,
  gazetteerSha256,
} from "../../places/gazetteer_source.ts";
import type { LocalProvider } from "../../places/provider.ts";
import { Body } from "../../places/trim.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import type { Position } from "../../protocol/position.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { assertProperty } from "../property.ts";
import text from "../../places/gazetteer.txt" with { type: "text" };

const gazetteer = await loadGazetteer();

interface Found {
  readonly name: string;
  readonly place_id: string;
  readonly vicinity: string;
  readonly geometry: { readonly location: { lat: number; lng: number } };
}

interface Answer {
  readonly text: string;
  readonly status: string;
  readonly results: readonly Found[];
}

function ask(
  provider: LocalProvider,
  position: Position,
  radiusMetres: number | string,
  bound = 20,
): Answer {
  const body = provider.nearby({
    position,
    radiusMetres: String(radiusMetres),
    bound,
  });
  const text = textOfBytes(body);
  const { results, status } = JSON.parse(text);
  return { text, status, results };
}

function spot(latitude: number | string, longitude: number | string): Position {
  return { latitude: String(latitude), longitude: String(longitude) };
}

function namesOf(results: readonly Found[]): string[] {
  return results.map(({ name }) => name);
}

/** A place with the digits of the text. */
interface Place extends Position {
  readonly name: string;
}

/** Every place of gazetteer.txt, read line by line. */
const everything: readonly Place[] = text.split("\n")
  .filter((line) => line !== "" && !/^[@#]/.test(line))
  .map((line) => {
    const [name, latitude, longitude] = line.split("\t");
    return { name: JSON.parse(`"${name}"`), latitude, longitude };
  });

/** A gazetteer of places in one region, named p0, p1, etc. in order. */
function gazetteerOf(positions: readonly Position[]): Promise<LocalProvider> {
  const lines = positions.map(({ latitude, longitude }, place) =>
    `p${place}\t${latitude}\t${longitude}\n`
  );
  return indexGazetteer(`@IS.00\t\n${lines.join("")}`, positions.length);
}

type Vector = readonly [number, number, number];

/** The unit vector from the centre of the globe towards a position. */
function unitVector({ latitude, longitude }: Position): Vector {
  const phi = Number(latitude) * Math.PI / 180;
  const lambda = Number(longitude) * Math.PI / 180;
  return [
    Math.cos(phi) * Math.cos(lambda),
    Math.cos(phi) * Math.sin(lambda),
    Math.sin(phi),
  ];
}

/**
 * The great-circle distance, computed from the angle between vectors. The
 * gazetteer uses haversines.
 */
function greatCircleKm(a: Position, b: Position): number {
  const [ax, ay, az] = unitVector(a);
  const [bx, by, bz] = unitVector(b);
  const sine = Math.hypot(
    ay * bz - az * by,
    az * bx - ax * bz,
    ax * by - ay * bx,
  );
  return 6371 * Math.atan2(sine, ax * bx + ay * by + az * bz);
}

/** Largest difference between the two formulas, in kilometres: a millimetre. */
const toleranceKm = 1e-6;

/**
 * Checks that the answer has the places that a linear search finds, nearest
 * first. Places within a millimetre of the radius, or of the last place's
 * distance, may be included or not.
 */
function assertExact(
  provider: LocalProvider,
  places: readonly Position[],
  position: Position,
  radiusMetres: number,
  bound: number,
): void {
  const distancesKm = places.map((place) => greatCircleKm(position, place))
    .toSorted((a, b) => a - b);
  const countWithin = (km: number) =>
    Math.min(
      bound,
      distancesKm.filter((distanceKm) => distanceKm <= km).length,
    );
  const { results } = ask(provider, position, radiusMetres, bound);
  const queryText = JSON.stringify({ position, radiusMetres, bound });

  const radiusKm = radiusMetres / 1000;
  const atLeast = countWithin(radiusKm - toleranceKm);
  const atMost = countWithin(radiusKm + toleranceKm);
  assert(
    results.length >= atLeast && results.length <= atMost,
    `${results.length} places, not ${atLeast} to ${atMost}: ${queryText}`,
  );
  const ids = new Set(results.map(({ place_id }) => place_id));
  assertEquals(
    ids.size,
    results.length,
    `a place is listed twice: ${queryText}`,
  );
  results.forEach(({ geometry: { location }, name }, index) => {
    const km = greatCircleKm(position, spot(location.lat, location.lng));
    assert(
      Math.abs(km - distancesKm[index]) <= toleranceKm,
      `${name} is ${km} km away, not ${distancesKm[index]}: ${queryText}`,
    );
  });
}

const digitsOfDegrees = 5;

/**
 * Decimal degrees with `digitsOfDegrees` decimals, from `min` to `max`
 * inclusive.
 */
function degrees(min: number, max: number): fc.Arbitrary<string> {
  const scale = 10 ** digitsOfDegrees;
  return fc.integer({
    min: Math.round(min * scale),
    max: Math.round(max * scale),
  }).map((angle) => (angle / scale).toFixed(digitsOfDegrees));
}

function area(
  latitude: fc.Arbitrary<string>,
  longitude: fc.Arbitrary<string>,
): fc.Arbitrary<Position> {
  return fc.record({ latitude, longitude });
}

const anyLongitude = fc.oneof(
  degrees(-180, 180),
  fc.constantFrom("0", "180", "-180", "180.00000", "-180.00000"),
);
const aroundTheAntimeridian = fc.oneof(
  degrees(179.7, 180),
  degrees(-180, -179.7),
  fc.constantFrom("180", "-180"),
);

/**
 * Positions where formulas for distances and bounding boxes are likely to fail,
 * an ordinary area, and the whole globe, where most are far apart.
 */
const anySpot: fc.Arbitrary<Position> = fc.oneof(
  area(fc.oneof(degrees(89.6, 90), fc.constant("90")), anyLongitude),
  area(fc.oneof(degrees(-90, -89.6), fc.constant("-90")), anyLongitude),
  area(degrees(-16.8, -16.4), aroundTheAntimeridian),
  area(degrees(71, 71.4), aroundTheAntimeridian),
  area(degrees(51.3, 51.7), degrees(-0.3, 0.3)),
  area(degrees(-90, 90), anyLongitude),
);

/** Few positions, or enough for an index with several levels. */
const anySpots = fc.oneof(
  fc.array(anySpot, { minLength: 1, maxLength: 20 }),
  fc.array(anySpot, { minLength: 400, maxLength: 600 }),
);

const anyRadiusMetres = fc.oneof(
  fc.constantFrom(0, 50_000),
  fc.integer({ min: 0, max: 50_000 }),
);

Deno.test({
  name: "gazetteer.txt has the count and the digest in gazetteer_source.ts",
  permissions: "none",
  async fn() {
    const bytes = new TextEncoder().encode(text);
    const digest = new Uint8Array(
      await crypto.subtle.digest("SHA-256", bytes),
    );
    assertEquals(digest.toHex(), gazetteerSha256);
    assertEquals(everything.length, gazetteerPlaces);
    assert(/^[\x20-\x7e\t\n]*$/.test(text), "the text is not ASCII");
  },
});

Deno.test({
  name: "gazetteer.txt has degrees that are valid JSON numbers",
  permissions: "none",
  fn() {
    for (const { latitude, longitude } of everything) {
      assertMatch(latitude, /^-?(?:0|[1-9]\d?)(?:\.\d+)?$/);
      assertMatch(longitude, /^-?(?:0|[1-9]\d{0,2})(?:\.\d+)?$/);
    }
  },
});

Deno.test({
  name: "gazetteer finds the places around UCLA, nearest first",
  permissions: "none",
  fn() {
    const ucla = spot("+34.068930", "-118.445127");
    const { results, status } = ask(gazetteer, ucla, 10_000, 3);
    assertEquals(status, "OK");
    assertEquals(namesOf(results), ["Bel Air", "Westwood", "Century City"]);
    assertEquals(results[0].vicinity, "California, United States");
  },
});

Deno.test({
  name: "gazetteer answers ZERO_RESULTS if no place is near",
  permissions: "none",
  fn() {
    const { results, status } = ask(gazetteer, spot(0, 0), 50_000);
    assertEquals(results, []);
    assertEquals(status, "ZERO_RESULTS");
  },
});

Deno.test({
  name: "gazetteer agrees with a linear search through all places of the world",
  permissions: "none",
  fn() {
    const questions: [number, number, number][] = [
      [34.06893, -118.445127, 50_000],
      [52.52, 13.405, 10_000],
      [-16.5, 180, 50_000],
      [-16.5, -180, 50_000],
      [-17.8, 179.99, 50_000],
      [90, 0, 50_000],
      [-90, 45, 50_000],
      [78.2, 15.6, 50_000],
      [0, 0, 50_000],
      [35.68, 139.69, 1_234.5],
    ];
    for (const [latitude, longitude, radiusMetres] of questions) {
      const position = spot(latitude, longitude);
      assertExact(gazetteer, everything, position, radiusMetres, 20);
    }
  },
});

Deno.test({
  name:
    "gazetteer agrees with a linear search at the poles and across 180 degrees",
  permissions: "none",
  async fn() {
    await assertProperty(
      fc.asyncProperty(
        anySpots,
        fc.array(anySpot, { maxLength: 10 }),
        anyRadiusMetres,
        fc.integer({ min: 0, max: 20 }),
        async (places, positions, radiusMetres, bound) => {
          const provider = await gazetteerOf(places);
          for (const position of [...positions, ...places.slice(0, 5)]) {
            assertExact(provider, places, position, radiusMetres, bound);
          }
        },
      ),
    );
  },
});

Deno.test({
  name: "gazetteer finds a place at the position itself within a radius of 0",
  permissions: "none",
  async fn() {
    await assertProperty(fc.asyncProperty(anySpot, async (place) => {
      const provider = await gazetteerOf([place]);
      assertEquals(namesOf(ask(provider, place, 0).results), ["p0"]);
    }));
    const twoWaysToSay: [Position, Position][] = [
      [spot("-16.5", "180"), spot("-16.5", "-180")],
      [spot("90", "-75.25"), spot("90", "120")],
      [spot("-90", "0"), spot("-90", "180")],
      [spot("0.10", "-0"), spot("0.1", "0")],
    ];
    for (const [place, position] of twoWaysToSay) {
      const provider = await gazetteerOf([place]);
      assertEquals(namesOf(ask(provider, position, 0).results), ["p0"]);
    }
    // A place one metre away is not found.
    const provider = await gazetteerOf([spot("48.85000", "2.35")]);
    assertEquals(ask(provider, spot("48.85001", "2.35"), 0).results, []);
  },
});

Deno.test({
  name: "gazetteer finds a place exactly at the radius, and none beyond",
  permissions: "none",
  async fn() {
    const nearby = area(degrees(51.4, 51.6), degrees(-0.2, 0.2));
    await assertProperty(
      fc.asyncProperty(nearby, nearby, async (place, position) => {
        const provider = await gazetteerOf([place]);
        const metres = greatCircleKm(place, position) * 1000;
        fc.pre(metres > 0.001);
        const found = (radiusMetres: number) =>
          ask(provider, position, radiusMetres.toFixed(9)).results.length;
        assertEquals(found(metres), 1, `${metres} m`);
        assertEquals(found(metres - 0.001), 0, `${metres} m less 1 mm`);
      }),
    );
  },
});

Deno.test({
  name: "gazetteer respects the bound, and returns nothing for a bound of 0",
  permissions: "none",
  fn() {
    const paris = spot(48.85, 2.35);
    for (const bound of [1, 7, 20]) {
      const { results } = ask(gazetteer, paris, 50_000, bound);
      assertEquals(results.length, bound);
    }
    const { results, status } = ask(gazetteer, paris, 50_000, 0);
    assertEquals(results, []);
    assertEquals(status, "OK");
  },
});

/** A key for a position, equal for all ways to write the degrees. */
function spotKey(latitude: number, longitude: number): string {
  return `${latitude},${longitude}`;
}

/** The names of places by position, in the order of the list. */
function namesBySpot(places: readonly Place[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { latitude, longitude, name } of places) {
    const key = spotKey(Number(latitude), Number(longitude));
    const here = names.get(key);
    if (here === undefined) names.set(key, [name]);
    else here.push(name);
  }
  return names;
}

/**
 * Checks that places at one position have the order of the text, and that the
 * answer for each bound is a prefix of the answer for the next.
 */
function assertOneOrder(
  provider: LocalProvider,
  namesThere: ReadonlyMap<string, readonly string[]>,
  position: Position,
  radiusMetres: number,
): void {
  const { results: most } = ask(provider, position, radiusMetres, 20);
  for (let bound = 0; bound < 20; bound++) {
    const { results } = ask(provider, position, radiusMetres, bound);
    assertEquals(
      results,
      most.slice(0, bound),
      `${bound} places of ${JSON.stringify({ position, radiusMetres })}`,
    );
  }
  const found = Map.groupBy(
    most,
    ({ geometry: { location } }) => spotKey(location.lat, location.lng),
  );
  for (const [key, here] of found) {
    const expected = namesThere.get(key)?.slice(0, here.length);
    assertEquals(namesOf(here), expected, `the order of places at ${key}`);
  }
}

Deno.test({
  name:
    "gazetteer lists places at the same position in the order of the text, " +
    "for any bound",
  permissions: "none",
  async fn() {
    const crowded = fc.array(anySpot, { minLength: 1, maxLength: 4 }).chain(
      (spots) => {
        const place = fc.constantFrom(...spots);
        return fc.oneof(
          fc.array(place, { minLength: 1, maxLength: 40 }),
          fc.array(place, { minLength: 200, maxLength: 400 }),
        );
      },
    );
    await assertProperty(
      fc.asyncProperty(crowded, anySpot, async (places, position) => {
        const provider = await gazetteerOf(places);
        const names = namesBySpot(
          places.map((place, index) => ({ ...place, name: `p${index}` })),
        );
        assertOneOrder(provider, names, places[0], 0);
        assertOneOrder(provider, names, places[0], 50_000);
        assertOneOrder(provider, names, position, 50_000);
      }),
    );
  },
});

Deno.test({
  name:
    "gazetteer lists real places at the same position in the order of the text, " +
    "for any bound",
  permissions: "none",
  fn() {
    const names = namesBySpot(everything);
    const crowded = [...names].filter(([_, here]) => here.length > 1)
      .map(([key]) => key.split(","));
    assert(crowded.length > 0);
    for (const [latitude, longitude] of crowded) {
      const position = spot(latitude, longitude);
      assertOneOrder(gazetteer, names, position, 0);
      assertOneOrder(gazetteer, names, position, 50_000);
    }
    const dense = [spot(35.68, 139.69), spot(48.85, 2.35), spot(52.52, 13.405)];
    for (const position of dense) {
      assertOneOrder(gazetteer, names, position, 50_000);
    }
  },
});

Deno.test({
  name: "gazetteer gives every place a unique ID, also at the same position",
  permissions: "none",
  fn() {
    const { results } = ask(gazetteer, spot(-33.78333, 150.93333), 0);
    assertEquals(results.length, 2);
    assert(results[0].place_id !== results[1].place_id);
  },
});

/** The vicinity of the only place of a text. */
async function vicinityIn(text: string): Promise<string> {
  const provider = await indexGazetteer(text, 1);
  const { results: [{ vicinity }] } = ask(provider, spot(1, 1), 0);
  return vicinity;
}

Deno.test({
  name: "a vicinity names the region and the country",
  permissions: "none",
  async fn() {
    assertEquals(
      await vicinityIn("@FR.11\t\\u00cele-de-France\nParis\t1\t1\n"),
      "Île-de-France, France",
    );
  },
});

Deno.test({
  name: "a vicinity names only the country if the region has no name, " +
    "or the same name as the place",
  permissions: "none",
  async fn() {
    assertEquals(await vicinityIn("@FR.00\t\nParis\t1\t1\n"), "France");
    assertEquals(
      await vicinityIn("@LU.LU\tLuxembourg\nLuxembourg\t1\t1\n"),
      "Luxembourg",
    );
  },
});

Deno.test({
  name: "a vicinity has the country's code if its name is unknown",
  permissions: "none",
  async fn() {
    assertEquals(
      await vicinityIn("@QX.01\tSomewhere\nTown\t1\t1\n"),
      "Somewhere, QX",
    );
    assertEquals(await vicinityIn("@QX.01\t\nTown\t1\t1\n"), "QX");
  },
});

Deno.test({
  name: "gazetteer finds the region of each region's first and last place",
  permissions: "none",
  async fn() {
    const provider = await indexGazetteer(
      "@IS.01\tOne\na\t1\t1\nb\t1\t1\nc\t1\t1\n" +
        "@IS.02\tEmpty\n" +
        "@IS.03\tThree\nd\t1\t1\n" +
        "@NO.01\tFour\ne\t1\t1\nf\t1\t1\n",
      6,
    );
    const { results } = ask(provider, spot(1, 1), 0);
    assertEquals(
      results.map(({ name, vicinity }) => `${name}: ${vicinity}`),
      [
        "a: One, Iceland",
        "b: One, Iceland",
        "c: One, Iceland",
        "d: Three, Iceland",
        "e: Four, Norway",
        "f: Four, Norway",
      ],
    );
  },
});

Deno.test({
  name: "gazetteer prints lat and lng with the digits of the text",
  permissions: "none",
  async fn() {
    const integer = fc.integer({ min: -89, max: 89 });
    // Fifteen digits and trailing zeros, which a number would lose.
    const fraction = fc.string({
      unit: fc.constantFrom(..."0123456789"),
      maxLength: 15,
    }).map((digits) => digits === "" ? "" : `.${digits}`);
    const angle = fc.tuple(integer, fraction).map((parts) => parts.join(""));
    await assertProperty(
      fc.asyncProperty(angle, angle, async (latitude, longitude) => {
        const place = spot(latitude, longitude);
        const provider = await gazetteerOf([place]);
        const { results: [{ place_id }], text } = ask(provider, place, 0);
        assertStringIncludes(text, `"lat" : ${latitude},\n`);
        assertStringIncludes(text, `"lng" : ${longitude}\n`);
        assertEquals(place_id, `geonames:IS:${latitude},${longitude}:p0`);
      }),
    );
  },
});

Deno.test({
  name: "gazetteer formats answers as Google does, and attributes its source",
  permissions: "none",
  async fn() {
    const tiny = await indexGazetteer(
      "# a comment\n@IS.39\tCapital Region\nReykjav\\u00edk\t64.13548\t-21.89541\n",
      1,
    );
    const { text } = ask(tiny, spot(64, -22), 50_000);
    assertEquals(
      text,
      `{
   "html_attributions" : [
      "Places by \\u003ca href=\\"https://www.geonames.org/\\"\\u003eGeoNames\\u003c/a\\u003e, \\u003ca href=\\"https://creativecommons.org/licenses/by/4.0/\\"\\u003eCC BY 4.0\\u003c/a\\u003e"
   ],
   "results" : [
      {
         "geometry" : {
            "location" : {
               "lat" : 64.13548,
               "lng" : -21.89541
            }
         },
         "name" : "Reykjav\u00edk",
         "place_id" : "geonames:IS:64.13548,-21.89541:Reykjav%C3%ADk",
         "types" : [ "locality", "political" ],
         "vicinity" : "Capital Region, Iceland"
      }
   ],
   "status" : "OK"
}`,
    );
    const paris = { position: spot(48.85, 2.35), radiusMetres: "50000" };
    const body = gazetteer.nearby({ ...paris, bound: 20 });
    assertStringIncludes(body, "GeoNames");
    // Its answers need no trimming.
    assertEquals(new Body(body).cut(20), body);
  },
});
