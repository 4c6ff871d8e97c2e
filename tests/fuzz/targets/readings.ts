/**
 * What must hold for every reading of a message of a device, and how readings
 * are compared with the values in the message.
 *
 * @module
 */
import { answerTo } from "../../../gateways/readers/answers.ts";
import {
  maxIdBytes,
  maxPositionBytes,
  maxTimeBytes,
} from "../../../gateways/readers/limits.ts";
import type { Reading } from "../../../gateways/readers/reading.ts";
import { reasons } from "../../../gateways/readers/reasons.ts";
import { arrival } from "../../../gateways/readers/times.ts";
import { parseAttributes } from "../../../protocol/attributes.ts";
import {
  bytesOfText,
  type ByteString,
  strictTextOfBytes,
} from "../../../protocol/bytes.ts";
import { parseCommand } from "../../../protocol/command.ts";
import { demand, demandSame, magnitude } from "../target.ts";

/** When messages arrive. */
export const now = { seconds: 1_796_040_000, nanoseconds: 0 };

const latestSeconds = now.seconds + 24 * 60 * 60;

/**
 * Checks a reading: each sighting is a valid report within the limits, its time
 * is not far ahead, and its attributes can be sent; a refusal has nothing else,
 * and an answer of one line.
 *
 * @returns A signature of the reading.
 */
export function checkReading(reading: Reading): string {
  const { ignored, refusal, sightings } = reading;
  let kinds = "";
  for (const { attributes, client, latitude, longitude, time } of sightings) {
    const seconds = time === arrival ? "0" : time;
    const position = latitude + longitude;
    const line = `IAMAT ${client} ${position} ${seconds}`;
    const command = parseCommand(line);
    demand(`a valid report: ${line}`, command?.verb === "IAMAT");
    demand("a short ID", client.length <= maxIdBytes);
    demand("a short position", position.length <= maxPositionBytes);
    demand("a short time", seconds.length <= maxTimeBytes);
    demand("a time not far ahead", Number(seconds) <= latestSeconds);
    const parsed = parseAttributes(attributes);
    demand("attributes that can be sent", parsed !== undefined);
    demandSame("a source", parsed!.get("source"), reading.format);
    kinds += `${time === arrival} ${magnitude(position.length)} ` +
      `${[...parsed!.keys()].join()} `;
  }
  let last = -1;
  for (const { index, reason } of ignored) {
    demand("indexes in order", index > last);
    last = index;
    demand("no note", reasons[reason].effect !== "noted");
  }
  demand("an index of a point", last < sightings.length + ignored.length);
  const { body, status } = answerTo(reading);
  if (refusal !== undefined) {
    demandSame("nothing taken", sightings.length + ignored.length, 0);
    demand("a status", status === 400 || status === 422);
    demand("one line", /^[\x20-\x7e]+\n$/.test(body));
  } else {
    demandSame("a status", status, 200);
  }
  const reasonsOnce = new Set(ignored.map(({ reason }) => reason));
  return `${reading.format} ${[...reasonsOnce].join()} ${refusal} ` +
    kinds.slice(0, 200);
}

/** A point as a naive reader of `JSON.parse` or of a form sees it. */
export interface NaivePoint {
  readonly latitude: unknown;
  readonly longitude: unknown;
  /** The name of the client; undefined if it is not compared. */
  readonly id?: unknown;
}

/**
 * Demands that each sighting is that of the point at its index. A point that is
 * undefined must not be a sighting.
 */
export function comparePoints(
  reading: Reading,
  points: readonly (NaivePoint | undefined)[],
): void {
  const ignored = new Set(reading.ignored.map(({ index }) => index));
  let index = 0;
  for (const { client, latitude, longitude } of reading.sightings) {
    while (ignored.has(index)) index += 1;
    const point = points[index];
    index += 1;
    demand(`point ${index} is a position`, point !== undefined);
    demandSame("the latitude", Number(latitude), Number(point!.latitude));
    demandSame("the longitude", Number(longitude), Number(point!.longitude));
    const { id } = point!;
    if (typeof id === "string" && id.isWellFormed()) {
      demandSame("the client", decoded(client), bytesOfText(trimmed(id)));
    }
  }
}

/** A text without ASCII white space around it. */
const trimmed = (text: string) =>
  text.replace(/^[\t-\r ]+/, "").replace(/[\t-\r ]+$/, "");

/** An ID with its percent-encoded bytes decoded. */
function decoded(client: ByteString): ByteString {
  return client.replace(
    /%(..)/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
}

/** The text as `JSON.parse` reads it; undefined if it does not. */
export function naiveJson(
  input: ByteString,
): { value: unknown; text: string } | undefined {
  try {
    const text = strictTextOfBytes(input).replace(/^\ufeff/, "");
    return { value: JSON.parse(text), text };
  } catch {
    return undefined;
  }
}

/**
 * Whether an object of a JSON text has a key twice: then the text has more
 * colons outside of strings than the value has members.
 */
export function hasRepeatedKeys(text: string, value: unknown): boolean {
  const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
  return colons > countMembers(value);
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const below = Object.values(value)
    .reduce<number>((sum, member) => sum + countMembers(member), 0);
  return Array.isArray(value) ? below : below + Object.keys(value).length;
}

/** A member of a value that may not be an object. */
export function naiveMember(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null &&
    Object.hasOwn(value, key);
  return isObject ? (value as Record<string, unknown>)[key] : undefined;
}
