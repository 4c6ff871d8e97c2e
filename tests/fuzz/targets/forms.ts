/**
 * Readers of queries and forms, and of PhoneTrack's paths.
 *
 * For every query:
 *
 * - the reading is valid (`readings.ts`);
 * - a sighting has the position and the ID that a naive parser finds;
 * - a query with two values of one of them is none, and neither is one with
 *   `valid=false`;
 * - the name in a path counts more than the ID, unless it was never set.
 *
 * @module
 */
import type { Reading } from "../../../gateways/readers/reading.ts";
import { recognizeRequest } from "../../../gateways/readers/recognize.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { demand, demandSame, type Target } from "../target.ts";
import { checkReading, now } from "./readings.ts";

const tokens = [
  "id=480117",
  "&id=1",
  "&deviceid=",
  "&lat=1.5",
  "&lon=2.5",
  "&latitude=",
  "&location=1.5,2.5",
  "&timestamp=1796040000123",
  "&time=2026-11-30T12:00:00+01:00",
  "&valid=false",
  "&accuracy=0.0",
  "&speed=10",
  "&hdop=1",
  "&batt=-1",
  "%C3%89",
  "%ff",
  "%2F",
  "%",
  "+",
  "&",
  "=",
  "NaN",
  "52,5",
  "1e2",
  "-0.0",
];

/** Reads a target, path and query. */
export type ReadTarget = (target: ByteString) => Reading;

/** Reads a target by GET. */
export function readGet(target: ByteString): Reading {
  const [path, ...rest] = target.split("?");
  const request = {
    method: "GET",
    path,
    query: rest.join("?"),
    headers: new Map<string, ByteString>(),
    body: new Uint8Array(),
  };
  return recognizeRequest(request)({ now });
}

/** All values of a key that are not empty. */
function valuesOf(query: ByteString, key: string): ByteString[] {
  return query.split("&").map((pair) => pair.split(/=(.*)/s))
    .filter(([name]) => naiveDecode(name) === key)
    .map(([, value = ""]) => naiveDecode(value));
}

const naiveDecode = (text: ByteString) =>
  text.replaceAll("+", " ").replace(
    /%([0-9a-fA-F]{2})/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );

const trimmed = (text: ByteString) =>
  text.replace(/^[\t-\r ]+/, "").replace(/[\t-\r ]+$/, "");

/** The only value of the first key that has one; undefined if there are two. */
function onlyValue(
  query: ByteString,
  keys: readonly string[],
): ByteString | undefined {
  for (const key of keys) {
    const values = [...new Set(valuesOf(query, key))];
    if (values.length > 1) return undefined;
    if (values.length === 1 && trimmed(values[0]) !== "") {
      return trimmed(values[0]);
    }
  }
  return undefined;
}

/** @param read The reader under test. */
export function formsTarget(read: ReadTarget = readGet): Target {
  return {
    name: "forms",
    tokens,
    check(query) {
      if (query.includes("?")) return "no query";
      const reading = read(`/?${query}`);
      const signature = checkReading(reading);
      for (const sighting of reading.sightings) {
        const id = onlyValue(query, [
          "id",
          "deviceid",
          "device_id",
          "uniqueId",
          "device",
          "aid",
        ]);
        demandSame("the ID", naiveIdOf(sighting.client), id);
        checkPosition(query, sighting);
        const isValid = valuesOf(query, "valid").every((value) =>
          trimmed(value).toLowerCase() !== "false"
        );
        demand("a valid position", isValid);
      }
      return signature;
    },
  };
}

function checkPosition(
  query: ByteString,
  { latitude, longitude }: { latitude: ByteString; longitude: ByteString },
): void {
  const north = onlyValue(query, ["lat", "latitude"]);
  const east = onlyValue(query, ["lon", "longitude", "lng", "long"]);
  const hasBoth = north !== undefined && east !== undefined;
  const [first, second] = onlyValue(query, ["location"])?.split(/,(.*)/s) ?? [];
  demandSame("the latitude", Number(latitude), Number(hasBoth ? north : first));
  demandSame(
    "the longitude",
    Number(longitude),
    Number(hasBoth ? east : second),
  );
}

const naiveIdOf = (client: ByteString) =>
  client.replace(
    /%(..)/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );

/** @param read The reader under test. */
export function phoneTrackTarget(read: ReadTarget = readGet): Target {
  return {
    name: "phonetrack",
    tokens: [
      "/apps/phonetrack/logGet/t0ken/",
      "/apps/phonetrack/log/traccar/t0ken/",
      "/index.php",
      "/yourname",
      "lena",
      "/",
      "?",
      ...tokens,
    ],
    check(target) {
      const reading = read(target);
      const signature = checkReading(reading);
      const [path] = target.split("?");
      const segments = path.split("/");
      const at = segments.findIndex((segment, index) =>
        index > 0 && segment === "apps" &&
        segments[index + 1] === "phonetrack" &&
        /^log(?:Get|Post|PostMultiple)?$/.test(segments[index + 2] ?? "") &&
        (segments[index + 2] !== "log" || index + 3 < segments.length)
      );
      if (at < 0 || reading.format !== "phonetrack") return signature;
      const action = segments[at + 2];
      const rest = segments.slice(at + (action === "log" ? 4 : 3));
      const name = naivePercent(rest[1] ?? "");
      const isSet = name !== "" && name !== "yourname";
      for (const { client } of reading.sightings) {
        if (isSet) demandSame("the name", naiveIdOf(client), name);
        else demand("no placeholder", !isPlaceholder(client, target));
      }
      return `${signature} ${action} ${isSet}`;
    },
  };
}

/** Whether the client can only be the placeholder in the path. */
const isPlaceholder = (client: ByteString, target: ByteString) =>
  client === "yourname" && !/[?&][a-zA-Z_%0-9]*=[^&]*yourname/.test(target);

const naivePercent = (text: ByteString) =>
  text.replace(
    /%([0-9a-fA-F]{2})/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
