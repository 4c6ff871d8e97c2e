/**
 * The gazetteer: real populated places of the world, part of the program, so
 * that the herd answers without a key and without a network. Nearest first.
 *
 * @module
 */
import { around, distance } from "geokdbush";
import KDBush from "kdbush";
import type { ByteString } from "../protocol/bytes.ts";
import { formatAnswer } from "./answer.ts";
import { gazetteerAttribution, gazetteerPlaces } from "./gazetteer_source.ts";
import { type Json, Verbatim } from "./print.ts";
import type { PlacesProvider, PlacesQuestion } from "./provider.ts";

/**
 * Places indexed before other work gets a turn. Reading this many takes a few
 * milliseconds; no client should have to wait for the whole world.
 */
const placesPerTurn = 20_000;

/** Where one region begins, in the text and in the order of places. */
interface Region {
  readonly firstPlace: number;
  /** The index of the region's line in the text. */
  readonly line: number;
}

/** The provider `gazetteer`, with its index built. */
export async function loadGazetteer(): Promise<PlacesProvider> {
  const { default: text } = await import("./gazetteer.txt", {
    with: { type: "text" },
  });
  return await indexGazetteer(text, gazetteerPlaces);
}

/**
 * Builds the provider from a text in the gazetteer's format.
 *
 * @param count How many places the text holds.
 */
export async function indexGazetteer(
  text: string,
  count: number,
): Promise<PlacesProvider> {
  const index = new KDBush(count);
  const lines = new Uint32Array(count);
  const regions: Region[] = [];
  let place = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    const mark = text[start];
    if (mark === "@") {
      regions.push({ firstPlace: place, line: start });
    } else if (mark !== "#") {
      const nameEnd = text.indexOf("\t", start);
      const latitudeEnd = text.indexOf("\t", nameEnd + 1);
      index.add(
        degrees(text, latitudeEnd + 1, end),
        degrees(text, nameEnd + 1, latitudeEnd),
      );
      lines[place] = start;
      place += 1;
      if (place % placesPerTurn === 0) await nextTurn();
    }
    start = end + 1;
  }
  index.finish();
  const gazetteer = new Gazetteer(text, index, lines, regions);
  return {
    name: "gazetteer",
    keepsBound: true,
    nearby: (question) => Promise.resolve(gazetteer.nearby(question)),
  };
}

/** The text, and where to find things in it. */
class Gazetteer {
  readonly #text: string;
  readonly #index: KDBush;
  readonly #lines: Uint32Array;
  readonly #regions: readonly Region[];
  readonly #countryNames = new Intl.DisplayNames(["en"], { type: "region" });

  constructor(
    text: string,
    index: KDBush,
    lines: Uint32Array,
    regions: readonly Region[],
  ) {
    this.#text = text;
    this.#index = index;
    this.#lines = lines;
    this.#regions = regions;
  }

  nearby(question: PlacesQuestion): ByteString {
    const latitude = Number(question.position.latitude);
    const longitude = Number(question.position.longitude);
    const radiusKm = Number(question.radiusMetres) / 1000;
    // `around` takes 0 for no limit at all.
    const places = question.bound === 0
      ? []
      : around(this.#index, longitude, latitude, question.bound, radiusKm);
    const results = places
      .map((place) => this.#describe(place, latitude, longitude))
      .filter(({ km }) => km <= radiusKm)
      .toSorted((a, b) => a.km - b.km || a.place - b.place)
      .map(({ json }) => json);
    const status = results.length > 0 || question.bound === 0
      ? "OK"
      : "ZERO_RESULTS";
    return formatAnswer(status, results, [gazetteerAttribution]);
  }

  #describe(
    place: number,
    latitude: number,
    longitude: number,
  ): { place: number; km: number; json: Json } {
    const [name, lat, lng] = this.#fields(this.#lines[place]);
    const [code, region] = this.#fields(this.#regionOf(place).line);
    const country = code.slice(1, code.indexOf("."));
    const countryName = this.#countryNames.of(country) ?? country;
    const isKnownRegion = region !== "" && region !== name;
    return {
      place,
      km: distance(longitude, latitude, Number(lng), Number(lat)),
      json: {
        geometry: {
          location: { lat: new Verbatim(lat), lng: new Verbatim(lng) },
        },
        name,
        place_id: `geonames:${country}:${lat},${lng}:${
          encodeURIComponent(name)
        }`,
        types: ["locality", "political"],
        vicinity: isKnownRegion ? `${region}, ${countryName}` : countryName,
      },
    };
  }

  /** The region whose places begin last before this one. */
  #regionOf(place: number): Region {
    let low = 0;
    let high = this.#regions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#regions[middle].firstPlace <= place) low = middle;
      else high = middle - 1;
    }
    return this.#regions[low];
  }

  #fields(line: number): string[] {
    return this.#text.slice(line, this.#text.indexOf("\n", line))
      .split("\t")
      .map((field) => field.includes("\\") ? JSON.parse(`"${field}"`) : field);
  }
}

/** The decimal number between two indices: digits, perhaps a sign and a dot. */
function degrees(text: string, start: number, end: number): number {
  const isNegative = text[start] === "-";
  let value = 0;
  let scale = 0;
  for (let index = isNegative ? start + 1 : start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) {
      scale = 1;
    } else {
      value = value * 10 + (code - 0x30);
      scale *= 10;
    }
  }
  const angle = scale === 0 ? value : value / scale;
  return isNegative ? -angle : angle;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
