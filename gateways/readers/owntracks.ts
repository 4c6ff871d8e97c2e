/**
 * Messages of OwnTracks: JSON objects with a `_type`, by HTTP or MQTT. Only
 * `location` and `transition` say where the phone is.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import {
  AttributeReader,
  fieldsOf,
  idTextOf,
  kilometresAnHour,
} from "./fields.ts";
import { joinNames } from "./ids.ts";
import { isObject, type JsonValue, memberOf, repeated } from "./json.ts";
import { maxTopicBytes } from "./limits.ts";
import {
  type Raw,
  type RawPoint,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";
import type { Reason } from "./reasons.ts";

/** The names that come with a request: from its header fields or its query. */
export interface OwnTracksNames {
  readonly user: Raw;
  readonly device: Raw;
}

/** Topic levels after those of the device, by what is published there. */
const suffixes: ReadonlySet<string> = new Set([
  "beacon",
  "cmd",
  "dump",
  "event",
  "info",
  "status",
  "step",
  "waypoint",
  "waypoints",
]);

/** Reads a message. */
export function readOwnTracks(
  message: JsonValue,
  names: OwnTracksNames,
  context: ReaderContext,
): Reading {
  const builder = new ReadingBuilder("owntracks", "friends", context);
  builder.add(pointOfMessage(message, names));
  return builder.finish();
}

function pointOfMessage(
  message: JsonValue,
  names: OwnTracksNames,
): RawPoint | Reason {
  if (!isObject(message)) return "unknown-format";
  const type = memberOf(message, "_type");
  if (type === repeated) return "repeated-key";
  if (type === "encrypted") return "encrypted";
  if (type === "waypoint" || type === "waypoints") return "watched-place";
  if (type !== "location" && type !== "transition") return "no-position";
  const fields = fieldsOf(message);
  const attributes = new AttributeReader("owntracks");
  attributes.number("accuracy", fields("acc"));
  attributes.number("altitude", fields("alt"));
  attributes.number("battery", fields("batt"));
  attributes.number("course", fields("cog"));
  attributes.number("speed", fields("vel"), kilometresAnHour);
  attributes.trackerId(fields("tid"));
  return {
    id: idOf(names, idTextOf(memberOf(message, "topic")), type),
    latitude: fields("lat"),
    longitude: fields("lon"),
    time: fields("tst"),
    attributes,
  };
}

/** The ID of the names; what they lack comes from the message's topic. */
function idOf(names: OwnTracksNames, topic: Raw, type: ByteString): Raw {
  const { device, user } = names;
  if (user === repeated || device === repeated) return repeated;
  if (user && device) return joinNames([user, device]);
  if (topic === repeated) return repeated;
  const isUsable = topic !== undefined && topic.length <= maxTopicBytes;
  const [topicUser, topicDevice] = isUsable ? namesOfTopic(topic, type) : [];
  return joinNames([user || topicUser, device || topicDevice]);
}

/**
 * User and device in the topic of a message: the last two of its levels that
 * are names.
 */
function namesOfTopic(
  topic: ByteString,
  type: ByteString,
): readonly (ByteString | undefined)[] {
  const levels = topic.split("/").filter((level) => level !== "");
  if (levels[0] === "owntracks") levels.shift();
  const last = levels.at(-1) ?? "";
  // A device may be called `status`, but no transition is published by it.
  const hasSuffix = suffixes.has(last) &&
    (levels.length > 2 || type === "transition" && last === "event");
  if (hasSuffix) levels.pop();
  return levels.slice(-2);
}

/** Two names in which nothing is encoded: the topic of nearly all messages. */
// deno-lint-ignore no-control-regex
const plainUserAndDevice = /^[^\x00-\x20%/\x7f]+\/[^\x00-\x20%/\x7f]+$/;

/**
 * The ID in a topic below `owntracks/`: all levels but those of events and the
 * like; undefined if the topic has no name.
 */
export function idOfOwnTracksTopic(below: ByteString): ByteString | undefined {
  if (plainUserAndDevice.test(below)) return below;
  const levels = below.split("/");
  const hasSuffix = levels.length > 2 && suffixes.has(levels.at(-1)!);
  return joinNames(hasSuffix ? levels.slice(0, -1) : levels);
}
