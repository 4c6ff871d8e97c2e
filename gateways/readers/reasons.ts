/**
 * Why a message, or one point of it, was not taken.
 *
 * @module
 */

/**
 * What follows from a reason. `ignored`: the device gets the same answer as if
 * the message had been taken, because it would send
 * it again and again.
 * `refused`: no device sends this by itself, so the answer says what is wrong.
 * `noted`: the point was taken, with the time of arrival.
 */
export type Effect = "ignored" | "refused" | "noted";

interface Entry {
  readonly effect: Effect;
  /** One sentence for operators and, if refused, for the client. */
  readonly sentence: string;
}

/** All reasons. Their names are labels of counters. */
export const reasons = {
  "empty": {
    effect: "ignored",
    sentence: "The message is empty.",
  },
  "no-position": {
    effect: "ignored",
    sentence: "The message says no position.",
  },
  "watched-place": {
    effect: "ignored",
    sentence: "The message is about a place that the device watches.",
  },
  "encrypted": {
    effect: "ignored",
    sentence: "The message is encrypted, and the server has no key for it.",
  },
  "no-fix": {
    effect: "ignored",
    sentence: "The device says that the position is not from a valid fix.",
  },
  "zero-position": {
    effect: "ignored",
    sentence:
      "The position is exactly 0,0 without an accuracy, which is no fix.",
  },
  "latitude-out-of-range": {
    effect: "ignored",
    sentence: "The latitude is not from -90 to 90 degrees.",
  },
  "longitude-out-of-range": {
    effect: "ignored",
    sentence: "The longitude is not from -180 to 180 degrees.",
  },
  "id-too-long": {
    effect: "ignored",
    sentence: "The ID has more than 1,024 bytes.",
  },
  "position-too-long": {
    effect: "ignored",
    sentence: "Latitude and longitude together have more than 64 bytes.",
  },
  "time-too-long": {
    effect: "ignored",
    sentence: "The time has more than 64 bytes.",
  },
  "no-date": {
    effect: "ignored",
    sentence: "GGA sentences have no date, and no RMC sentence gives it.",
  },
  "other-sentence": {
    effect: "ignored",
    sentence: "The NMEA sentence is neither RMC nor GGA nor PGID.",
  },
  "wrong-checksum": {
    effect: "ignored",
    sentence: "The NMEA sentence has no checksum, or a wrong one.",
  },
  "broken-sentence": {
    effect: "ignored",
    sentence: "A field of the NMEA sentence is not as the standard says.",
  },
  "other-topic": {
    effect: "ignored",
    sentence: "The topic is neither owntracks/USER/DEVICE nor herd/report/ID.",
  },
  "time-far-ahead": {
    effect: "noted",
    sentence: "The time is more than 24 hours ahead of the server's clock.",
  },
  "time-before-1970": {
    effect: "noted",
    sentence: "The time is before 1970.",
  },
  "unknown-format": {
    effect: "refused",
    sentence:
      "This is no message that the server knows: expected one of the formats of docs/GATEWAYS.md.",
  },
  "other-method": {
    effect: "refused",
    sentence: "An OPTIONS request reports nothing: expected GET or POST.",
  },
  "body-too-long": {
    effect: "refused",
    sentence: "The body is too long: expected at most 4 MiB.",
  },
  "line-too-long": {
    effect: "refused",
    sentence: "A line is too long: expected at most 65,536 bytes.",
  },
  "not-json": {
    effect: "refused",
    sentence: "The body is not JSON: expected a text as in RFC 8259.",
  },
  "json-too-deep": {
    effect: "refused",
    sentence: "The JSON is nested too deeply: expected at most 32 levels.",
  },
  "too-many-values": {
    effect: "refused",
    sentence: "The JSON has too many values: expected at most 262,144.",
  },
  "value-too-long": {
    effect: "refused",
    sentence: "A value in the JSON is too long: expected at most 65,536 bytes.",
  },
  "too-many-points": {
    effect: "refused",
    sentence: "The message has too many points: expected at most 10,000.",
  },
  "too-many-parameters": {
    effect: "refused",
    sentence:
      "The query or form is too long: expected at most 256 keys and 65,536 bytes.",
  },
  "repeated-key": {
    effect: "refused",
    sentence:
      "An ID, a position or a time is given twice: expected each key once.",
  },
  "not-a-number": {
    effect: "refused",
    sentence:
      "Latitude or longitude is not a number: expected decimal degrees such as 52.5170365.",
  },
  "not-a-time": {
    effect: "refused",
    sentence:
      "The time is not one: expected POSIX seconds, milliseconds or ISO 8601.",
  },
  "no-id": {
    effect: "refused",
    sentence:
      "The message does not say whose position it is: expected an ID of the device.",
  },
} as const satisfies Readonly<Record<string, Entry>>;

/** Why a message, or one point of it, was not taken, or was changed. */
export type Reason = keyof typeof reasons;

/** Whether a client is told, by the status of the answer. */
export function isRefusal(reason: Reason): boolean {
  return reasons[reason].effect === "refused";
}
