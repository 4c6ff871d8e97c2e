/**
 * Finds homes for phones: inhabited places in and around big cities, from a
 * gazetteer.
 *
 * @module
 */
import type { Place } from "../client/types.ts";
import { cities } from "./cities.ts";
import { formatDegrees, type Home } from "./phone.ts";

/** The part of a Nearby Search's answer that is used here. */
interface Answer {
  readonly results: readonly Place[];
}

/**
 * Returns the places near a position: the answer to a Nearby Search, as JSON.
 *
 * @param latitude Degrees as text, with a sign.
 */
export type Nearby = (latitude: string, longitude: string) => string;

/** The homes in all cities: each city's centre and the places near it. */
export function findHomes(nearby: Nearby): Home[] {
  return cities.flatMap(({ latitude, longitude, name: city }) => {
    const text = nearby(formatDegrees(latitude), formatDegrees(longitude));
    const { results }: Answer = JSON.parse(text);
    const near = results.map(({ geometry }) => geometry!.location)
      .map(({ lat, lng }) => ({ city, latitude: lat, longitude: lng }));
    return [{ city, latitude, longitude }, ...near];
  });
}
