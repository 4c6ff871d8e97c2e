import { distance } from "geokdbush";
import { textOfBytes } from "../../protocol/bytes.ts";
import { indexGazetteer, loadGazetteer } from "../../places/gazetteer.ts";
import {
  gazetteerPlaces,
  gazetteerSha256,
} from "../../places/gazetteer_source.ts";
import type { PlacesProvider } from "../../places/provider.ts";
import { trimBody } from "../../places/trim.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import text from "../../places/gazetteer.txt" with { type: "text" };

const gazetteer = await loadGazetteer();

interface Found {
  readonly name: string;
  readonly place_id: string;
  readonly vicinity: string;
  readonly geometry: { readonly location: { lat: number; lng: number } };
}

async function ask(
  latitude: number,
  longitude: number,
  radiusMetres: number,
  bound = 20,
  provider: PlacesProvider = gazetteer,
): Promise<{ text: string; status: string; results: Found[] }> {
  const body = await provider.nearby({
    position: { latitude: String(latitude), longitude: String(longitude) },
    radiusMetres: String(radiusMetres),
    bound,
  }, new AbortController().signal);
  const text = textOfBytes(body);
  const { results, status } = JSON.parse(text);
  return { text, status, results };
}

/** Every place of the text, read line by line. */
const everything = text.split("\n")
  .filter((line) => line !== "" && !/^[@#]/.test(line))
  .map((line) => {
    const [name, lat, lng] = line.split("\t");
    return {
      name: JSON.parse(`"${name}"`),
      lat: Number(lat),
      lng: Number(lng),
    };
  });

Deno.test({
  name: "gazetteer.txt is what gazetteer_source.ts says it is",
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
  name: "gazetteer finds the places around UCLA, nearest first",
  permissions: "none",
  async fn() {
    const { results, status } = await ask(34.06893, -118.445127, 10_000, 3);
    assertEquals(status, "OK");
    assertEquals(results.map(({ name }) => name), [
      "Bel Air",
      "Westwood",
      "Century City",
    ]);
    assertEquals(results[0].vicinity, "California, United States");
  },
});

Deno.test({
  name: "gazetteer agrees with a walk through all places",
  permissions: "none",
  async fn() {
    const somewhere = [
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
    for (const [latitude, longitude, radiusMetres] of somewhere) {
      const expected = everything
        .map(({ lat, lng, name }) => ({
          name,
          km: distance(longitude, latitude, lng, lat),
        }))
        .filter(({ km }) => km <= radiusMetres / 1000)
        .toSorted((a, b) => a.km - b.km)
        .slice(0, 20);
      const { results, status } = await ask(latitude, longitude, radiusMetres);
      const distances = results.map(({ geometry: { location } }) =>
        distance(longitude, latitude, location.lng, location.lat)
      );
      assertEquals(distances, expected.map(({ km }) => km));
      assertEquals(status, expected.length > 0 ? "OK" : "ZERO_RESULTS");
    }
  },
});

Deno.test({
  name: "gazetteer keeps to the bound, and has nothing for a bound of 0",
  permissions: "none",
  async fn() {
    for (const bound of [1, 7, 20]) {
      const { results } = await ask(48.85, 2.35, 50_000, bound);
      assertEquals(results.length, bound);
    }
    assertEquals((await ask(48.85, 2.35, 50_000, 0)).results, []);
  },
});

Deno.test({
  name: "gazetteer has a unique ID for each place, also at the same spot",
  permissions: "none",
  async fn() {
    const { results } = await ask(-33.78333, 150.93333, 0);
    assertEquals(results.length, 2);
    assert(results[0].place_id !== results[1].place_id);
  },
});

Deno.test({
  name: "gazetteer prints as Google does, and credits its source",
  permissions: "none",
  async fn() {
    const tiny = await indexGazetteer(
      "# a comment\n@IS.39\tCapital Region\nReykjav\\u00edk\t64.13548\t-21.89541\n",
      1,
    );
    const { text } = await ask(64, -22, 50_000, 20, tiny);
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
    const { text: paris } = await ask(48.85, 2.35, 50_000, 2);
    assertStringIncludes(paris, "GeoNames");
    // What it prints needs no trimming.
    const body = await gazetteer.nearby({
      position: { latitude: "48.85", longitude: "2.35" },
      radiusMetres: "50000",
      bound: 20,
    }, new AbortController().signal);
    assertEquals(trimBody(body, 20), body);
  },
});
