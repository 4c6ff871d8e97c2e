/**
 * Where phones live: inhabited places in and around big cities, as a gazetteer
 * knows them.
 *
 * @module
 */
import type { Place } from "../client/types.ts";
import { cities } from "./cities.ts";
import { formatDegrees, type Home } from "./phone.ts";

/** The part of a Nearby Search that is used here. */
interface Answer {
  readonly results: readonly Place[];
}

/**
 * Tells what is near a spot: a Nearby Search as JSON.
 *
 * @param latitude Degrees in the digits that are asked for, with their sign.
 */
export type Nearby = (latitude: string, longitude: string) => string;

/** The homes in all cities: a city's centre, and the places near it. */
export function findHomes(nearby: Nearby): Home[] {
  return cities.flatMap(({ latitude, longitude, name: city }) => {
    const text = nearby(formatDegrees(latitude), formatDegrees(longitude));
    const { results }: Answer = JSON.parse(text);
    const near = results.map(({ geometry: { location } }) => ({
      city,
      latitude: location.lat,
      longitude: location.lng,
    }));
    return [{ city, latitude, longitude }, ...near];
  });
}
