/**
 * JSON of Traccar: of its client from version 9 on, and of servers that forward
 * the positions of their devices.
 *
 * @module
 */
import {
  AttributeReader,
  type FieldReader,
  fieldsOf,
  idTextOf,
  knots,
  mapRaw,
  share,
} from "./fields.ts";
import { encodeName } from "./ids.ts";
import {
  isList,
  isObject,
  type JsonObject,
  type JsonValue,
  memberOf,
  repeated,
} from "./json.ts";
import { maxPoints } from "./limits.ts";
import {
  type Raw,
  type RawPoint,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";
import type { Reason } from "./reasons.ts";
import type { Steps } from "./steps.ts";

const noFields: FieldReader = () => undefined;

/** The fields of an object below a key, none if there is no object. */
function fieldsBelow(object: JsonObject, key: string): FieldReader {
  const value = memberOf(object, key);
  if (value === repeated) return () => repeated;
  return isObject(value) ? fieldsOf(value) : noFields;
}

/** Reads a message of Traccar Client: one location, or a list. */
export function* readTraccarClient(
  message: JsonObject,
  context: ReaderContext,
): Steps<Reading> {
  const builder = new ReadingBuilder("traccar-client", "empty", context);
  const id = mapRaw(idTextOf(memberOf(message, "device_id")), encodeName);
  const location = memberOf(message, "location");
  const locations = isList(location) ? location : [location] as const;
  if (locations.length > maxPoints) return builder.refuse("too-many-points");
  for (const each of locations) {
    builder.add(pointOfLocation(each, id));
    yield;
  }
  return builder.finish();
}

function pointOfLocation(
  location: JsonValue | typeof repeated | undefined,
  id: Raw,
): RawPoint | Reason {
  if (location === repeated) return "repeated-key";
  // A heartbeat has a location without coordinates.
  if (!isObject(location)) return "no-position";
  const coordinates = fieldsBelow(location, "coords");
  const attributes = new AttributeReader("traccar-client");
  attributes.number("accuracy", coordinates("accuracy"));
  attributes.number("altitude", coordinates("altitude"));
  attributes.number(
    "battery",
    fieldsBelow(location, "battery")("level"),
    share,
  );
  attributes.number("course", coordinates("heading"));
  attributes.number("speed", coordinates("speed"));
  return {
    id,
    latitude: coordinates("latitude"),
    longitude: coordinates("longitude"),
    time: fieldsOf(location)("timestamp"),
    attributes,
    isMock: (memberOf(location, "mock") ?? false) !== false,
  };
}

/** Reads a position, or an event with a position, that a server forwards. */
export function readTraccarForward(
  message: JsonObject,
  context: ReaderContext,
): Reading {
  const builder = new ReadingBuilder("traccar-forward", "empty", context);
  builder.add(pointOfForward(message));
  return builder.finish();
}

function pointOfForward(message: JsonObject): RawPoint | Reason {
  const position = memberOf(message, "position");
  if (position === repeated) return "repeated-key";
  if (!isObject(position)) return "no-position";
  const fields = fieldsOf(position);
  const attributes = new AttributeReader("traccar-forward");
  attributes.number("accuracy", fields("accuracy"));
  attributes.number("altitude", fields("altitude"));
  const level = fieldsBelow(position, "attributes")("batteryLevel");
  attributes.number("battery", level);
  attributes.number("course", fields("course"));
  attributes.number("speed", fields("speed"), knots);
  // `deviceId` is the forwarding server's own number of the device.
  const device = memberOf(message, "device");
  const uniqueId = isObject(device)
    ? idTextOf(memberOf(device, "uniqueId"))
    : device === repeated
    ? repeated
    : undefined;
  return {
    id: mapRaw(uniqueId, encodeName),
    latitude: fields("latitude"),
    longitude: fields("longitude"),
    time: fields("fixTime") ?? fields("deviceTime"),
    attributes,
    // An outdated position repeats the last known place.
    hasNoFix: (memberOf(position, "outdated") ?? false) !== false ||
      (memberOf(position, "valid") ?? true) !== true,
  };
}
