/**
 * Checks answers. A fault is a short description; undefined means that the
 * answer is correct.
 *
 * @module
 */
import type { At, NearbyAnswer, Place } from "../client/types.ts";
import { isPosition, parsePosition } from "../protocol/position.ts";
import { isMissing } from "../protocol/order.ts";
import { isTime } from "../protocol/time.ts";
import type { Expectations } from "./expectations.ts";
import { type Coordinates, metresBetween } from "./movement.ts";

/** A report and the server that it was sent to. */
export interface ReportRequest {
  readonly server: string;
  readonly id: string;
  readonly position: string;
  readonly time: string;
  /** Its AT line, if an earlier answer contained it. */
  readonly line?: string;
}

/** A query and what is expected of its answer. */
export interface QueryRequest {
  readonly server: string;
  /** The phone in the query. */
  readonly id: string;
  readonly radiusKm: number;
  readonly bound: number;
  /**
   * The newest report that the server was known to have when the query was
   * sent.
   */
  readonly atLeast: string | undefined;
}

/** A clock difference: a sign and nine decimals. */
const difference = /^[+-]\d{1,16}\.\d{9}$/;

/** Position and name in the `place_id` of a place of the gazetteer. */
const gazetteerId = /^geonames:[A-Z]{2}:([\d.-]+),([\d.-]+):(.*)$/;

/** Tolerance of the radius for rounding, in metres. */
const roundingMetres = 0.001;

/** The fault of an answer to a report. */
export function faultOfReport(
  { line, clockDifference }: At,
  request: ReportRequest,
): string | undefined {
  if (!difference.test(clockDifference)) return "no clock difference";
  const { id, position, server, time } = request;
  const expected = request.line ??
    `AT ${server} ${clockDifference} ${id} ${position} ${time}`;
  return line === expected ? undefined : `expected ${expected}`;
}

/** The fault of an answer to a query. */
export function faultOfAnswer(
  { at, results, status }: NearbyAnswer,
  { atLeast, bound, id, radiusKm }: QueryRequest,
  expectations: Expectations,
  servers: readonly string[],
): string | undefined {
  const fault = faultOfLine(at, id, expectations, servers);
  if (fault !== undefined) return fault;
  if (atLeast !== undefined && isMissing(atLeast, at.line)) {
    return `older than the server's newest report: ${atLeast}`;
  }
  if (typeof status !== "string") return "no status";
  if (!Array.isArray(results)) return "no list of places";
  if (results.length > bound) {
    return `${results.length} places, but the bound is ${bound}`;
  }
  const { latitude, longitude } = parsePosition(at.position)!;
  const centre = { latitude: +latitude, longitude: +longitude };
  return results.map((place) => faultOfPlace(place, centre, radiusKm))
    .find((fault) => fault !== undefined);
}

/**
 * The fault of a place of the gazetteer. Other places are not checked: Google
 * may list places beyond the radius.
 */
function faultOfPlace(
  { geometry, name, place_id }: Place,
  centre: Coordinates,
  radiusKm: number,
): string | undefined {
  const [, latitude, longitude, encodedName] = gazetteerId.exec(place_id) ?? [];
  if (encodedName === undefined) return undefined;
  const position = { latitude: +latitude, longitude: +longitude };
  const { lat, lng } = geometry?.location ?? {};
  const isSame = encodeURIComponent(name) === encodedName &&
    lat === position.latitude && lng === position.longitude;
  if (!isSame) return `${name} at ${lat}, ${lng} is not ${place_id}`;
  const metres = metresBetween(centre, position);
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
      : "the phone never sent this report";
  }
  if (sent.line !== undefined && sent.line !== line) {
    return `expected ${sent.line}`;
  }
  if (sent.server !== server) return `expected server ${sent.server}`;
  return sent.position === position ? undefined : "wrong position";
}
