/**
 * What is wrong with an answer: undefined if nothing is, or a few words.
 *
 * @module
 */
import type { At, NearbyAnswer, Place } from "../client/types.ts";
import { isPosition, parsePosition } from "../protocol/position.ts";
import { isNewer } from "../protocol/report.ts";
import { isTime } from "../protocol/time.ts";
import type { Expectations } from "./expectations.ts";
import { type Coordinates, metresBetween } from "./movement.ts";

/** A report, and the server that it was sent to. */
export interface ReportRequest {
  readonly server: string;
  readonly id: string;
  readonly position: string;
  readonly time: string;
  /** Its AT line, if another answer had it already. */
  readonly line?: string;
}

/** A question, and what its answer has to be like. */
export interface QueryRequest {
  readonly server: string;
  /** The phone that it is about. */
  readonly id: string;
  readonly radiusKm: number;
  readonly bound: number;
  /** The newest report that the server was known to have when it was asked. */
  readonly atLeast: string | undefined;
}

/** A sign and nine decimals. */
const difference = /^[+-]\d{1,16}\.\d{9}$/;

/** Spot and name of a place of the gazetteer, as its `place_id` has them. */
const gazetteerId = /^geonames:[A-Z]{2}:([\d.-]+),([\d.-]+):(.*)$/;

/** Farther than the radius by so much is rounding, in metres. */
const roundingMetres = 0.001;

/** What is wrong with the answer to a report. */
export function faultOfReport(
  { line, clockDifference }: At,
  asked: ReportRequest,
): string | undefined {
  if (!difference.test(clockDifference)) return "no clock difference";
  const { id, position, server, time } = asked;
  const expected = asked.line ??
    `AT ${server} ${clockDifference} ${id} ${position} ${time}`;
  return line === expected ? undefined : `expected ${expected}`;
}

/** What is wrong with the answer to a question. */
export function faultOfAnswer(
  { at, results, status }: NearbyAnswer,
  { atLeast, bound, id, radiusKm }: QueryRequest,
  expectations: Expectations,
  servers: readonly string[],
): string | undefined {
  const fault = faultOfLine(at, id, expectations, servers);
  if (fault !== undefined) return fault;
  if (atLeast !== undefined && isNewer(atLeast, at.line)) {
    return `older than what it had: ${atLeast}`;
  }
  if (typeof status !== "string") return "no status";
  if (!Array.isArray(results)) return "no list of places";
  if (results.length > bound) {
    return `${results.length} places where ${bound} were wanted`;
  }
  const { latitude, longitude } = parsePosition(at.position)!;
  const centre = { latitude: +latitude, longitude: +longitude };
  return results.map((place) => faultOfPlace(place, centre, radiusKm))
    .find((fault) => fault !== undefined);
}

/**
 * What is wrong with a place of the gazetteer. Of others nothing is known: even
 * Google may name some that are farther away than it was asked.
 */
function faultOfPlace(
  { geometry, name, place_id }: Place,
  centre: Coordinates,
  radiusKm: number,
): string | undefined {
  const [, latitude, longitude, called] = gazetteerId.exec(place_id) ?? [];
  if (called === undefined) return undefined;
  const spot = { latitude: +latitude, longitude: +longitude };
  const { lat, lng } = geometry.location;
  const isItself = encodeURIComponent(name) === called &&
    lat === spot.latitude && lng === spot.longitude;
  if (!isItself) return `${name} at ${lat}, ${lng} is not ${place_id}`;
  const metres = metresBetween(centre, spot);
  return metres <= radiusKm * 1000 + roundingMetres
    ? undefined
    : `${name} is ${(metres / 1000).toFixed(3)} km away, not ${radiusKm}`;
}

function faultOfLine(
  at: At,
  id: string,
  expectations: Expectations,
  servers: readonly string[],
): string | undefined {
  const { clockDifference, line, position, server, time } = at;
  if (!difference.test(clockDifference)) return "no clock difference";
  if (!servers.includes(server)) return "an unknown server";
  if (line !== `AT ${server} ${clockDifference} ${id} ${position} ${time}`) {
    return "no AT line of that client";
  }
  if (!isPosition(position)) return "no position";
  if (!isTime(time)) return "no time";
  const sent = expectations.findSent(id, time);
  if (sent === undefined) {
    return expectations.mayHaveSent(id, time)
      ? undefined
      : "it never sent that";
  }
  if (sent.line !== undefined && sent.line !== line) {
    return `expected ${sent.line}`;
  }
  if (sent.server !== server) return `it was ${sent.server} that heard it`;
  return sent.position === position ? undefined : "another position";
}
