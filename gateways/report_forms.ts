/**
 * The newest report of a client in the forms that devices send and show: a
 * location and a card of OwnTracks, and a plain report in JSON.
 *
 * @module
 */
import { type Attributes, parseAttributes } from "../protocol/attributes.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { fieldsOf, positionOf } from "../protocol/report.ts";
import { jsonText } from "./json_text.ts";
import { jsonNumber } from "../history/json.ts";
import { decodeId } from "./readers/ids.ts";

/** The keys of a plain report; the readers make the same attributes of them. */
const plainNumbers = ["accuracy", "altitude", "battery", "course", "speed"];

/** Metres a second in kilometres an hour. */
const kilometresAnHour = 3.6;

/**
 * A location of OwnTracks. Latitude and longitude have their digits; the format
 * has whole numbers for everything else.
 *
 * @param line An AT line.
 * @param field Its attributes; empty for none.
 * @param topic Where the client's device publishes by MQTT; undefined to leave it
 * out.
 */
export function locationOf(
  line: ByteString,
  field: ByteString,
  topic?: ByteString,
): ByteString {
  const [, , client, , time] = fieldsOf(line);
  const { latitude, longitude } = positionOf(line);
  const attributes = parseAttributes(field) ?? noAttributes;
  const trackerId = trackerIdOf(client, attributes);
  return `{"_type":"location","tid":${jsonText(trackerId)}` +
    `,"lat":${jsonNumber(latitude)},"lon":${jsonNumber(longitude)}` +
    `,"tst":${jsonNumber(time.split(".")[0])}` +
    numbersOf(attributes) +
    (topic === undefined ? "" : `,"topic":${jsonText(topic)}`) +
    "}";
}

/** What names a client in the app: a card of OwnTracks. */
export function cardOf(client: ByteString, field: ByteString): ByteString {
  const attributes = parseAttributes(field) ?? noAttributes;
  const trackerId = trackerIdOf(client, attributes);
  const name = decodeId(client.split("/")[0]) || client;
  return `{"_type":"card","tid":${jsonText(trackerId)},` +
    `"name":${jsonText(name)}}`;
}

/** A plain report, as devices publish it and `POST /report` takes it. */
export function plainReportOf(
  line: ByteString,
  field: ByteString,
): ByteString {
  const [, , client, , time] = fieldsOf(line);
  const { latitude, longitude } = positionOf(line);
  const attributes = parseAttributes(field) ?? noAttributes;
  let text = `{"id":${jsonText(client)},"lat":${jsonNumber(latitude)},` +
    `"lon":${jsonNumber(longitude)},"time":${jsonText(time)}`;
  for (const key of plainNumbers) {
    const value = attributes.get(key);
    if (value !== undefined) text += `,"${key}":${value}`;
  }
  const trackerId = attributes.get("tid");
  if (trackerId !== undefined) text += `,"tid":${jsonText(trackerId)}`;
  return `${text}}`;
}

const noAttributes: Attributes = new Map();

/**
 * What the map shows of a client that has no picture: its own tracker ID, or two
 * characters of its ID.
 */
function trackerIdOf(client: ByteString, attributes: Attributes): ByteString {
  return attributes.get("tid") ??
    (client.replace(/[^0-9A-Za-z]/g, "").slice(-2) || "?");
}

/** Attributes as members of a location. */
function numbersOf(attributes: Attributes): ByteString {
  const member = (
    name: string,
    key: string,
    toWhole: (value: number) => number = Math.round,
  ) => {
    const value = attributes.get(key);
    return value === undefined ? "" : `,"${name}":${toWhole(Number(value))}`;
  };
  return member("acc", "accuracy", Math.ceil) + member("alt", "altitude") +
    member("batt", "battery") + member("cog", "course") +
    member("vel", "speed", (speed) => Math.round(speed * kilometresAnHour));
}
