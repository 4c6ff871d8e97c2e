/**
 * The gazetteer: populated places of the world, included in the program, so
 * that servers can answer queries without a key and without a network. Answers
 * list the nearest places first.
 *
 * @module
 */
import { around, distance } from "../packages/geokdbush.ts";
import KDBush from "../packages/kdbush.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { formatAnswer } from "./answer.ts";
import { gazetteerAttribution, gazetteerPlaces } from "./gazetteer_source.ts";
import { type Json, Verbatim } from "./print.ts";
import type { LocalProvider, PlacesQuery } from "./provider.ts";

/**
 * Places indexed before the event loop runs other tasks. This many take a few
 * milliseconds, so that clients do not wait until all are indexed.
 */
const placesPerTask = 20_000;

/**
 * Largest rounding error of a distance, in kilometres: a hundredth of a
 * millimetre. A place that is beyond the radius by at most this much is
 * included. Otherwise rounding could exclude a place exactly at the radius, or
 * at the position itself, which may be written with 180 or -180 degrees.
 */
const roundingKm = 1e-8;

/** A region and its first place in the order of the text. */
interface Region {
  readonly firstPlace: number;
  /** ISO 3166-1, two letters. */
  readonly country: string;
  readonly countryName: string;
  /** Empty if the region has no name. */
  readonly name: string;
}

/** A place near a position. */
interface Found {
  readonly place: number;
  readonly km: number;
  readonly name: string;
  /** As written in the text. */
  readonly latitude: string;
  readonly longitude: string;
}

/** The provider `gazetteer`, with its index built. */
export async function loadGazetteer(): Promise<LocalProvider> {
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
): Promise<LocalProvider> {
  const index = new KDBush(count);
  const lines = new Uint32Array(count);
  const regions: Region[] = [];
  const countryNames = new Intl.DisplayNames(["en"], { type: "region" });
  let place = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    const mark = text[start];
    if (mark === "@") {
      const [code, name] = fieldsOf(text, start + 1);
      const country = code.slice(0, code.indexOf("."));
      const countryName = countryNames.of(country) ?? country;
      regions.push({ firstPlace: place, country, countryName, name });
    } else if (mark !== "#") {
      const nameEnd = text.indexOf("\t", start);
      const latitudeEnd = text.indexOf("\t", nameEnd + 1);
      index.add(
        degrees(text, latitudeEnd + 1, end),
        degrees(text, nameEnd + 1, latitudeEnd),
      );
      lines[place] = start;
      place += 1;
      if (place % placesPerTask === 0) await nextTask();
    }
    start = end + 1;
  }
  index.finish();
  const gazetteer = new Gazetteer(text, index, lines, regions);
  return {
    name: "gazetteer",
    isRemote: false,
    nearby: (query) => gazetteer.nearby(query),
  };
}

/** The text with its indexes. */
class Gazetteer {
  readonly #text: string;
  readonly #index: KDBush;
  /** The index of each place's line in the text. */
  readonly #lines: Uint32Array;
  readonly #regions: readonly Region[];

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

  nearby(query: PlacesQuery): ByteString {
    const results = this.#nearest(query)
      .map((found) => describe(found, this.#regionOf(found.place)));
    const status = results.length > 0 || query.bound === 0
      ? "OK"
      : "ZERO_RESULTS";
    return formatAnswer(status, results, [gazetteerAttribution]);
  }

  /**
   * The nearest places, nearest first; equally near ones in the order of the
   * text.
   */
  #nearest({ bound, position, radiusMetres }: PlacesQuery): Found[] {
    // For `around`, 0 means no limit.
    if (bound === 0) return [];
    const latitude = Number(position.latitude);
    const longitude = Number(position.longitude);
    const radiusKm = Number(radiusMetres) / 1000;
    const find = (count: number, withinKm: number) =>
      around(this.#index, longitude, latitude, count, withinKm + roundingKm)
        .map((place) => this.#measure(place, latitude, longitude))
        .toSorted((a, b) => a.km - b.km || a.place - b.place);
    // One extra place shows whether the last one is as near as some that were
    // left out. If so, all that are equally near have to be compared.
    let found = find(bound + 1, radiusKm);
    const next = found.at(bound);
    if (next !== undefined && next.km - found[bound - 1].km < roundingKm) {
      found = find(Infinity, next.km);
    }
    return found.slice(0, bound);
  }

  #measure(place: number, latitude: number, longitude: number): Found {
    const [name, lat, lng] = fieldsOf(this.#text, this.#lines[place]);
    const km = distance(longitude, latitude, Number(lng), Number(lat));
    return { place, km, name, latitude: lat, longitude: lng };
  }

  /** The region of a place: the last one whose first place is not after it. */
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
}

/** A place as a result of a Nearby Search. */
function describe(found: Found, region: Region): Json {
  const { latitude, longitude, name } = found;
  const { country, countryName } = region;
  const isKnownRegion = region.name !== "" && region.name !== name;
  const coordinates = `${latitude},${longitude}`;
  return {
    geometry: {
      location: { lat: new Verbatim(latitude), lng: new Verbatim(longitude) },
    },
    name,
    place_id: `geonames:${country}:${coordinates}:${encodeURIComponent(name)}`,
    types: ["locality", "political"],
    vicinity: isKnownRegion ? `${region.name}, ${countryName}` : countryName,
  };
}

/** The fields from `start` to the end of the line. */
function fieldsOf(text: string, start: number): string[] {
  return text.slice(start, text.indexOf("\n", start))
    .split("\t")
    .map((field) => field.includes("\\") ? JSON.parse(`"${field}"`) : field);
}

/**
 * Parses the decimal number between two indices: digits with an optional sign
 * and decimal point.
 */
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

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
