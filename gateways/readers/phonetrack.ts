/**
 * PhoneTrack, the app for Nextcloud: its paths, and its lists of points.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { AttributeReader, rawOf } from "./fields.ts";
import { encodeName } from "./ids.ts";
import { isList, type JsonList, type JsonValue } from "./json.ts";
import { maxPoints } from "./limits.ts";
import { decodeSegment } from "./parameters.ts";
import {
  type RawPoint,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";
import type { Reason } from "./reasons.ts";
import type { Steps } from "./steps.ts";

/** What a path of PhoneTrack says. */
export interface PhoneTrackPath {
  /** The program that reports, such as `traccar`; empty for PhoneTrack. */
  readonly app: ByteString;
  /** The ID of the name in the path; undefined if it was never set. */
  readonly givenId: ByteString | undefined;
}

/** The name in the address that PhoneTrack shows, for the user to replace. */
const placeholderName = "yourname";

/** After any prefix: `log/APP/TOKEN/NAME`, `logGet/TOKEN/NAME` and others. */
const pathForm =
  /\/apps\/phonetrack\/(?:log\/([^/]*)|log(?:Get|PostMultiple|Post)(?![^/]))(?:\/[^/]*)?(?:\/([^/]*))?/;

/** Reads a path; undefined if it is not one of PhoneTrack. */
export function readPhoneTrackPath(
  path: ByteString,
): PhoneTrackPath | undefined {
  if (!path.includes("/apps/phonetrack/")) return undefined;
  const found = pathForm.exec(path);
  if (found === null) return undefined;
  const name = decodeSegment(found[2] ?? "");
  const isSet = name !== "" && name !== placeholderName;
  return {
    app: found[1] ?? "",
    givenId: isSet ? encodeName(name) : undefined,
  };
}

/**
 * Reads the points of `logPostMultiple`: lists of latitude, longitude, time,
 * altitude, accuracy, battery, satellites, program, speed and bearing.
 */
export function* readPhoneTrackPoints(
  points: JsonList,
  context: ReaderContext,
): Steps<Reading> {
  const builder = new ReadingBuilder("phonetrack", "phonetrack", context);
  if (points.length > maxPoints) return builder.refuse("too-many-points");
  if (points.length === 0) builder.add("empty");
  for (const point of points) {
    builder.add(pointOfList(point));
    yield;
  }
  return builder.finish();
}

function pointOfList(point: JsonValue): RawPoint | Reason {
  if (!isList(point)) return "no-position";
  const [latitude, longitude, time, altitude, accuracy, battery, , , ...rest] =
    point;
  const [speed, bearing] = rest;
  const attributes = new AttributeReader("phonetrack");
  attributes.number("accuracy", rawOf(accuracy));
  attributes.number("altitude", rawOf(altitude));
  attributes.number("battery", rawOf(battery));
  attributes.number("course", rawOf(bearing));
  attributes.number("speed", rawOf(speed));
  return {
    id: undefined,
    latitude: rawOf(latitude),
    longitude: rawOf(longitude),
    time: rawOf(time),
    attributes,
  };
}
