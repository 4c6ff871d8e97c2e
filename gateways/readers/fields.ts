/**
 * The fields of a point by their names in queries, forms and plain JSON.
 *
 * @module
 */
import { escapeText } from "../../protocol/attributes.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import {
  isList,
  isObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  memberOf,
  repeated,
} from "./json.ts";
import { maxTrackerIdBytes } from "./limits.ts";
import { attributeNumber, trimSpace } from "./numbers.ts";
import { type Format, present, type Raw, type RawPoint } from "./reading.ts";

/** Knots in metres a second. */
export const knots = 1852 / 3600;

/** Kilometres an hour in metres a second. */
export const kilometresAnHour = 1 / 3.6;

/** A share, 0 to 1, in percent. */
export const share = 100;

/** The text of a field. */
export type FieldReader = (key: ByteString) => Raw;

/** Reads the fields of an object; there are none without one. */
export function fieldsOf(object: JsonObject | undefined): FieldReader {
  return (key) => object && rawOf(memberOf(object, key));
}

/**
 * The text of a value. Values that are neither texts nor numbers get a text
 * that no number, time or ID has.
 */
export function rawOf(value: JsonValue | typeof repeated | undefined): Raw {
  if (value === null || value === undefined) return undefined;
  if (value === repeated || typeof value === "string") return value;
  if (value instanceof JsonNumber) return value.text;
  return typeof value === "boolean" ? `${value}` : "[]";
}

/**
 * The bytes of an ID without white space around them; undefined if they are
 * none, or the value is neither a text nor a number.
 */
export function idTextOf(value: JsonValue | typeof repeated | undefined): Raw {
  const isOther = typeof value === "boolean" || isList(value) ||
    isObject(value);
  return isOther ? undefined : present(rawOf(value));
}

/** Applies a function to a text, and leaves other values as they are. */
export function mapRaw(
  raw: Raw,
  change: (text: ByteString) => ByteString | undefined,
): Raw {
  return raw === undefined || raw === repeated ? raw : change(raw);
}

/** Names of fields, the preferred one first. */
const latitudeKeys = ["lat", "latitude"];
const longitudeKeys = ["lon", "longitude", "lng", "long"];
const timeKeys = ["timestamp", "time", "fixTime", "tst", "deviceTime"];
const accuracyKeys = ["accuracy", "acc"];
const altitudeKeys = ["altitude", "alt"];
const batteryKeys = ["batt", "battery", "bat", "batteryLevel"];
const courseKeys = ["bearing", "heading", "course", "direction", "dir", "cog"];

/** The first of the fields that is not empty. */
export function firstOf(fields: FieldReader, keys: readonly string[]): Raw {
  for (const key of keys) {
    const raw = present(fields(key));
    if (raw !== undefined) return raw;
  }
  return undefined;
}

/** The position in `location=lat,lon`, or in two fields. */
function positionOf(fields: FieldReader): [latitude: Raw, longitude: Raw] {
  const latitude = firstOf(fields, latitudeKeys);
  const longitude = firstOf(fields, longitudeKeys);
  if (latitude !== undefined || longitude !== undefined) {
    return [latitude, longitude];
  }
  const location = present(fields("location"));
  if (location === undefined || location === repeated) {
    return [location, location];
  }
  const comma = location.indexOf(",");
  return comma < 0
    ? [undefined, undefined]
    : [location.slice(0, comma), location.slice(comma + 1)];
}

/** Whether the device says that the position is not valid. */
function isNotValid(fields: FieldReader): boolean {
  const valid = present(fields("valid"));
  if (valid === undefined) return false;
  return valid === repeated || !/^(?:true|1|t|y|yes|a)$/i.test(valid);
}

/**
 * A point without an ID.
 *
 * @param speedFactor What `speed` is multiplied by to get metres a second.
 */
export function pointOf(
  fields: FieldReader,
  format: Format,
  speedFactor: number,
): Omit<RawPoint, "id"> {
  const [latitude, longitude] = positionOf(fields);
  const attributes = new AttributeReader(format);
  attributes.number("accuracy", firstOf(fields, accuracyKeys));
  attributes.number("altitude", firstOf(fields, altitudeKeys));
  attributes.number("battery", firstOf(fields, batteryKeys));
  attributes.number("course", firstOf(fields, courseKeys));
  attributes.number("speed", fields("spd"));
  attributes.number("speed", fields("speed"), speedFactor);
  attributes.trackerId(fields("tid"));
  return {
    latitude,
    longitude,
    time: firstOf(fields, timeKeys),
    attributes,
    hasNoFix: isNotValid(fields),
    isMock: fields("mock") === "true" || fields("mock") === "1",
  };
}

/**
 * Collects attributes as the field of a report. Must be given them in the order
 * of their keys, the source apart. What does not fit is left out.
 */
export class AttributeReader {
  readonly #source: Format;
  #field = "";
  #lastKey = "";
  #hasSource = false;
  #hasAccuracy = false;

  /** @param source The format of the message. */
  constructor(source: Format) {
    this.#source = source;
  }

  /** The attributes, as `formatAttributes` gives them. */
  get field(): ByteString {
    if (!this.#hasSource) this.#addSource();
    return this.#field;
  }

  /** Whether the accuracy is known. */
  get hasAccuracy(): boolean {
    return this.#hasAccuracy;
  }

  /**
   * Adds a number, unless the key has one.
   *
   * @param factor What it is multiplied by to get the attribute's unit.
   */
  number(key: string, raw: Raw, factor = 1): void {
    if (raw === undefined || raw === repeated || this.#lastKey === key) return;
    const number = attributeNumber(key, trimSpace(raw), factor);
    if (number === undefined) return;
    if (key === "accuracy") {
      // 0 is unknown, not exact.
      if (number === "0") return;
      this.#hasAccuracy = true;
    }
    this.#add(key, number);
  }

  /** Adds the tracker ID of OwnTracks, two characters that a map shows. */
  trackerId(raw: Raw): void {
    const text = present(raw);
    if (text === undefined || text === repeated) return;
    if (text.length <= maxTrackerIdBytes) this.#add("tid", escapeText(text));
  }

  #add(key: string, value: ByteString): void {
    if (!this.#hasSource && key > "source") this.#addSource();
    this.#lastKey = key;
    const entry = `${key}=${value}`;
    this.#field = this.#field === "" ? entry : `${this.#field},${entry}`;
  }

  #addSource(): void {
    this.#hasSource = true;
    this.#add("source", this.#source);
  }
}
