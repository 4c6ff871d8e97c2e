/**
 * Readers of messages in JSON: OwnTracks, Overland, Traccar and its client,
 * GeoJSON, plain reports in lines.
 *
 * For every body:
 *
 * - the reading is valid (`readings.ts`);
 * - each sighting has the position, and where it can be compared the ID, that
 *   a naive reader of `JSON.parse` finds at the same index, with the digits of
 *   the text;
 * - what the format says to be no position is none.
 *
 * @module
 */
import type { Reading } from "../../../gateways/readers/reading.ts";
import {
  recognizeRequest,
  recognizeTopic,
} from "../../../gateways/readers/recognize.ts";
import { ReportLines } from "../../../gateways/readers/reports.ts";
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import { cutAtRandom } from "../chunks.ts";
import { demand, demandAlike, demandSame, type Target } from "../target.ts";
import {
  checkReading,
  comparePoints,
  hasRepeatedKeys,
  naiveJson,
  naiveMember,
  type NaivePoint,
  now,
} from "./readings.ts";

/** Reads a body. */
export type ReadBody = (body: ByteString) => Reading;

const numberTokens = [
  "0",
  "-0.0",
  "90",
  "-91",
  "180.00000000000000000001",
  "52.51703650000000000000000001",
  "1e2",
  "-1.5e-2",
  '"1.50"',
  "null",
  "true",
  "[]",
  "{}",
  "1796040000123",
  '"2026-11-30T12:00:00.5Z"',
];

/** Reads a body that is sent to a path. */
export function readAt(
  path: ByteString,
  headers: ReadonlyMap<string, ByteString> = new Map(),
): ReadBody {
  return (body) => {
    const request = {
      method: "POST",
      path,
      query: "",
      headers,
      body: encodeBytes(body),
    };
    return recognizeRequest(request)({ now });
  };
}

interface MessageFormat {
  readonly name: string;
  readonly format: Reading["format"];
  readonly tokens: readonly ByteString[];
  readonly points: (value: unknown) => readonly (NaivePoint | undefined)[];
  /** Further properties of a text without repeated keys. */
  readonly also?: (value: unknown, reading: Reading) => void;
}

function messagesTarget(
  { also, format, name, points, tokens }: MessageFormat,
  read: ReadBody,
): Target {
  return {
    name,
    tokens: [...tokens, ...numberTokens],
    check(body) {
      const reading = read(body);
      const signature = checkReading(reading);
      const naive = naiveJson(body);
      if (naive === undefined || reading.format !== format) return signature;
      comparePoints(reading, points(naive.value));
      checkDigits(body, reading);
      if (!hasRepeatedKeys(naive.text, naive.value)) {
        also?.(naive.value, reading);
      }
      return signature;
    },
  };
}

/** Numbers in plain notation are in the text, digit by digit. */
function checkDigits(body: ByteString, { sightings }: Reading): void {
  // An exponent is written out, and so is a dot at the end of a text.
  if (/[0-9.][eE]|\.[^0-9]|[^0-9]\.|\\/.test(body)) return;
  const numbers = new Set(body.match(/[0-9.]+/g));
  for (const { latitude, longitude } of sightings) {
    demand("the latitude's digits", numbers.has(latitude.slice(1)));
    demand("the longitude's digits", numbers.has(longitude.slice(1)));
  }
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : [];

const mira = new Map([["x-limit-u", "mira"], ["x-limit-d", "pixel"]]);

/** The same message by HTTP, and by MQTT. */
export function readOwnTracks(body: ByteString): Reading {
  const reading = readAt("/pub", mira)(body);
  const published = recognizeTopic("owntracks/mira/pixel", body)({
    now,
  });
  if (reading.format === "owntracks" && /^\s*\{/.test(body)) {
    demandAlike("the same by MQTT", published.sightings, reading.sightings);
  }
  checkReading(published);
  return reading;
}

/** @param read The reader under test. */
export function ownTracksTarget(read: ReadBody = readOwnTracks): Target {
  return messagesTarget({
    name: "owntracks",
    format: "owntracks",
    tokens: [
      '"_type":"location"',
      '"transition"',
      '"waypoint"',
      '"encrypted"',
      '"lwt"',
      '"lat":',
      '"lon":',
      '"tst":',
      '"acc":0,',
      '"batt":-1,',
      '"tid":"mx",',
      '"topic":"owntracks/mira/pixel/event",',
    ],
    points(value) {
      const type = naiveMember(value, "_type");
      if (type !== "location" && type !== "transition") return [];
      const [latitude, longitude] = ["lat", "lon"]
        .map((key) => naiveMember(value, key));
      return [{ latitude, longitude, id: "mira/pixel" }];
    },
  }, read);
}

/** @param read The reader under test. */
export function traccarClientsTarget(
  read: ReadBody = readAt("/"),
): Target {
  return messagesTarget({
    name: "traccar_clients",
    format: "traccar-client",
    tokens: [
      '"location":{',
      '"coords":{',
      '"latitude":',
      '"longitude":',
      '"device_id":',
      '"speed":-1,',
      ',"mock":true',
      '"battery":{"level":0.5}',
      '[{"coords":',
    ],
    points(value) {
      const location = naiveMember(value, "location");
      const id = naiveMember(value, "device_id");
      return (Array.isArray(location) ? location : [location]).map((each) => {
        const coordinates = naiveMember(each, "coords");
        const [latitude, longitude] = ["latitude", "longitude"]
          .map((key) => naiveMember(coordinates, key));
        return { latitude, longitude, id };
      });
    },
    also(value, { sightings }) {
      const mocks = listOf(naiveMember(value, "location")).length === 0 &&
        naiveMember(naiveMember(value, "location"), "mock") === true;
      for (const { isMock } of sightings) {
        if (mocks) demandSame("a mock position", isMock, true);
      }
    },
  }, read);
}

/** @param read The reader under test. */
export function traccarForwardsTarget(
  read: ReadBody = readAt("/traccar"),
): Target {
  return messagesTarget({
    name: "traccar_forwards",
    format: "traccar-forward",
    tokens: [
      '"position":{',
      '"device":{"uniqueId":"8612"}',
      '"event":{},',
      '"latitude":',
      '"longitude":',
      '"outdated":true,',
      '"valid":false,',
      '"fixTime":',
      '"accuracy":0',
    ],
    points(value) {
      const position = naiveMember(value, "position");
      const isFix = naiveMember(position, "outdated") !== true &&
        naiveMember(position, "valid") !== false;
      if (!isFix) return [];
      const [latitude, longitude] = ["latitude", "longitude"]
        .map((key) => naiveMember(position, key));
      const id = naiveMember(naiveMember(value, "device"), "uniqueId");
      return [{ latitude, longitude, id }];
    },
  }, read);
}

const featureTokens = [
  '{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},' +
  '"properties":{"device_id":"jun"}}',
  '"geometry":null',
  '"Point"',
  '"LineString"',
  '"coordinates":[1.5,2.5,3.5]',
  '"properties":{}',
  '"device_id":"",',
  '"id":"boat",',
  '"timestamp":"2026-11-30T12:00:00Z"',
];

/** The point of a feature, longitude first. */
function naiveFeature(feature: unknown, id: unknown): NaivePoint | undefined {
  const geometry = naiveMember(feature, "geometry");
  if (naiveMember(geometry, "type") !== "Point") return undefined;
  const [longitude, latitude] = listOf(naiveMember(geometry, "coordinates"));
  return { latitude, longitude, id };
}

const deviceOf = (feature: unknown) =>
  naiveMember(naiveMember(feature, "properties"), "device_id");

/** @param read The reader under test. */
export function overlandTarget(read: ReadBody = readAt("/overland")): Target {
  const pointsOf = (value: unknown) => {
    const current = naiveMember(value, "current");
    const isObject = typeof current === "object" && current !== null &&
      !Array.isArray(current);
    const locations = listOf(naiveMember(value, "locations"));
    return [...locations, ...isObject ? [current] : []]
      .map((feature) => naiveFeature(feature, deviceOf(feature)));
  };
  return messagesTarget({
    name: "overland",
    format: "overland",
    tokens: ['{"locations":[', '"current":', '"trip":', ...featureTokens],
    points: pointsOf,
    also(value, reading) {
      const isLost = pointsOf(value).some((point) =>
        point !== undefined && (point.id === undefined || point.id === "") &&
        typeof point.latitude === "number" &&
        typeof point.longitude === "number"
      );
      if (isLost) demand("no ok without an ID", reading.refusal !== undefined);
    },
  }, read);
}

/** @param read The reader under test. */
export function geoJsonTarget(read: ReadBody = readAt("/geojson")): Target {
  return messagesTarget({
    name: "geojson",
    format: "geojson",
    tokens: [
      '{"type":"FeatureCollection","features":[',
      '"features":[]',
      ...featureTokens,
    ],
    points(value) {
      const isCollection = naiveMember(value, "type") === "FeatureCollection";
      const features = isCollection
        ? listOf(naiveMember(value, "features"))
        : [value];
      return features.map((feature) => {
        const id = naiveMember(feature, "id");
        return naiveFeature(
          feature,
          typeof id === "string" && /[^\t-\r ]/.test(id) ? id : undefined,
        );
      });
    },
  }, read);
}

/** Reads a stream in chunks. */
export type ReadStream = (chunks: readonly ByteString[]) => Reading[];

/** Reads a stream with the reader of lines. */
export function readLines(chunks: readonly ByteString[]): Reading[] {
  const lines = new ReportLines(() => ({ now }));
  const readings = chunks.flatMap((chunk) => [
    ...lines.push(encodeBytes(chunk)),
  ]);
  return [...readings, ...lines.end()];
}

/**
 * Plain reports: each line of a stream, which is read alike in any chunks.
 *
 * @param read The reader under test.
 */
export function jsonReportsTarget(read: ReadStream = readLines): Target {
  return {
    name: "json_reports",
    tokens: [
      '{"id":"cab","lat":1.5,"lon":2.5,"time":3}\n',
      '"latitude":',
      '"lon":',
      '"id":',
      '"device":7,',
      "[",
      "]",
      "\n",
      "\r\n",
      ...numberTokens,
    ],
    check(stream) {
      const readings = read([stream]);
      demandAlike("the same in chunks", read(cutAtRandom(stream)), readings);
      const whole = stream.split("\n").filter((line) =>
        /[^\t\v\f\r ]/.test(line)
      );
      const isOver = readings.at(-1)?.refusal === "line-too-long";
      if (!isOver) demandSame("lines", readings.length, whole.length);
      readings.forEach((reading, index) => compareLine(whole[index], reading));
      const signatures = new Set(readings.map(checkReading));
      return [...signatures].slice(0, 2).join();
    },
  };
}

function compareLine(line: ByteString, reading: Reading): void {
  const naive = naiveJson(line);
  if (naive === undefined) {
    if (!/[\x80-\xff]/.test(line)) {
      demandSame("no sightings", reading.sightings.length, 0);
    }
    return;
  }
  const { value } = naive;
  const reports = Array.isArray(value) ? value : [value];
  comparePoints(
    reading,
    reports.map((report) => {
      const first = (keys: string[]) =>
        keys.map((key) => naiveMember(report, key)).find((found) =>
          found !== undefined && found !== null &&
          `${found}`.replace(/[\t-\r ]/g, "") !== ""
        );
      const latitude = first(["lat", "latitude"]);
      const longitude = first(["lon", "longitude", "lng", "long"]);
      // The text `location` may also hold both.
      if (latitude === undefined && longitude === undefined) {
        const [north, east] = `${naiveMember(report, "location")}`.split(
          /,(.*)/s,
        );
        return { latitude: north, longitude: east };
      }
      return { latitude, longitude };
    }),
  );
  checkDigits(line, reading);
}
