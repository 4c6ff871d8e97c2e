/**
 * The topics in which the server publishes the newest report of a client. Each
 * client has up to three: they differ in the form of the payload.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../../protocol/bytes.ts";
import { fieldsOf } from "../../protocol/report.ts";
import { encodeId, encodeName } from "../readers/ids.ts";
import { isUtf8 } from "../utf8.ts";

/** A form of the newest reports, and the topics that have it. */
export interface TopicView {
  /** The levels before those of the ID. */
  readonly prefix: readonly ByteString[];
  /** The levels of the ID; undefined if it cannot be a topic of this view. */
  readonly nameOf: (client: ByteString) => ByteString | undefined;
  /** The payload for an AT line. */
  readonly payloadOf: (line: ByteString) => ByteString;
}

/** Bytes that cannot be in a topic, or should not. */
// deno-lint-ignore no-control-regex
const notInTopics = /[\x00-\x1f+#\x7f]/;

/** Percent-encoded bytes that are not encoded in topics. */
const encodedInIds = /%(20|25)/g;

/** All views. */
export const topicViews: readonly TopicView[] = [
  {
    prefix: ["owntracks"],
    nameOf: (client) => publishedName(client, encodeNames),
    payloadOf: locationOf,
  },
  { prefix: ["herd", "at"], nameOf: topicText, payloadOf: (line) => line },
  {
    prefix: ["herd", "report"],
    nameOf: (client) => publishedName(client, encodeId),
    payloadOf: reportOf,
  },
];

/** The topic of a view for these levels of an ID. */
export function topicOf(view: TopicView, name: ByteString): ByteString {
  return `${view.prefix.join("/")}/${name}`;
}

/** A text, if it can be a part of a topic. */
function topicText(text: ByteString): ByteString | undefined {
  if (notInTopics.test(text)) return undefined;
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return isUtf8(encodeScratch(text), 0, text.length) ? text : undefined;
}

/**
 * The levels in which a device with this ID publishes: the readers make an ID
 * of a topic by encoding some bytes.
 */
function publishedName(
  client: ByteString,
  encode: (name: ByteString) => ByteString,
): ByteString | undefined {
  if (!client.includes("%")) return topicText(client);
  const name = client.replace(
    encodedInIds,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
  return encode(name) === client ? topicText(name) : undefined;
}

function encodeNames(name: ByteString): ByteString {
  return name.split("/").map(encodeName).join("/");
}

/** A location as OwnTracks publishes it. */
function locationOf(line: ByteString): ByteString {
  const { client, latitude, longitude, time } = partsOf(line);
  const seconds = numberOf(time.split(".")[0]);
  // The app shows two characters of a friend that has no picture.
  const id = client.replace(/[^0-9A-Za-z]/g, "").slice(-2);
  const trackerId = id === "" ? "" : `,"tid":"${id}"`;
  return `{"_type":"location"${trackerId},"lat":${latitude},` +
    `"lon":${longitude},"tst":${seconds}}`;
}

/** A plain report in JSON, as devices publish it. */
function reportOf(line: ByteString): ByteString {
  const { client, latitude, longitude, time } = partsOf(line);
  const id = client.replace(/["\\]/g, "\\$&");
  return `{"id":"${id}","lat":${latitude},"lon":${longitude},` +
    `"time":"${time}"}`;
}

/** Client, position and time of an AT line; the position as JSON numbers. */
function partsOf(line: ByteString) {
  const [, , client, position, time] = fieldsOf(line);
  const second = Math.max(
    position.lastIndexOf("+"),
    position.lastIndexOf("-"),
  );
  return {
    client,
    latitude: numberOf(position.slice(0, second)),
    longitude: numberOf(position.slice(second)),
    time,
  };
}

/** A decimal in the notation of JSON: no plus sign, no zeros before it. */
function numberOf(decimal: ByteString): ByteString {
  return decimal.replace(/^\+/, "").replace(/^(-?)0+(?=\d)/, "$1");
}
