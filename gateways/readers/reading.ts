/**
 * What the readers make of a message: sightings, and why other points of it
 * were not taken.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { repeated } from "./json.ts";
import { maxIdBytes, maxPositionBytes } from "./limits.ts";
import {
  isWithin,
  isZero,
  parseDecimal,
  signed,
  trimSpace,
} from "./numbers.ts";
import { isRefusal, type Reason } from "./reasons.ts";
import { readTime } from "./times.ts";

/** The formats, by the program that sends them. */
export type Format =
  | "owntracks"
  | "osmand"
  | "traccar-client"
  | "traccar-forward"
  | "overland"
  | "home-assistant"
  | "phonetrack"
  | "geojson"
  | "report"
  | "nmea"
  | "unknown";

/**
 * What the device needs as an answer: `friends` is the list of OwnTracks,
 * `counts` says how many points were taken, `nothing` is no answer at all.
 */
export type AnswerKind =
  | "empty"
  | "friends"
  | "overland"
  | "phonetrack"
  | "home-assistant"
  | "counts"
  | "nothing";

/**
 * One position of a client at a time. Its texts may be parts of the message,
 * and keep it in memory: code that keeps them copies them.
 */
export interface Sighting {
  /** The ID: bytes without white space. */
  readonly client: ByteString;
  /** Degrees north with a sign, `+52.5170365`. */
  readonly latitude: ByteString;
  /** Degrees east with a sign. */
  readonly longitude: ByteString;
  /** POSIX seconds in digits, or `arrival`. */
  readonly time: ByteString;
  /** Why the time of arrival stands for the one that was sent. */
  readonly note: Reason | undefined;
  /** The attributes, as a record has them. */
  readonly attributes: ByteString;
  /** Whether the device says that an app made the position up. */
  readonly isMock: boolean;
}

/** A point that was not taken. */
export interface Ignored {
  /** Its index in the message, from 0. */
  readonly index: number;
  readonly reason: Reason;
}

/** What one message says. */
export interface Reading {
  readonly format: Format;
  readonly sightings: readonly Sighting[];
  readonly ignored: readonly Ignored[];
  /**
   * Why the client is told that nothing was taken. Then there are no sightings,
   * and nothing is ignored.
   */
  readonly refusal: Reason | undefined;
  readonly answer: AnswerKind;
}

/** What a reader knows besides the message. */
export interface ReaderContext {
  /** When the message arrived, by the server's clock. */
  readonly now: Timestamp;
  /**
   * The ID of the sender, for messages that name none: that of a token or a
   * connection.
   */
  readonly ownId?: ByteString;
  /** The ID that the path or the topic gives. The message's counts less. */
  readonly givenId?: ByteString;
}

/** A text of a message; `repeated` if its key is given twice. */
export type Raw = ByteString | undefined | typeof repeated;

/** Attributes that were read. */
export interface PointAttributes {
  /** All of them, as a record has them. */
  readonly field: ByteString;
  readonly hasAccuracy: boolean;
}

/** A point as its format gives it. */
export interface RawPoint {
  /** The whole ID, encoded. */
  readonly id: Raw;
  readonly latitude: Raw;
  readonly longitude: Raw;
  readonly time: Raw;
  readonly attributes: PointAttributes;
  /** Whether the device says that the position is not from a valid fix. */
  readonly hasNoFix?: boolean;
  readonly isMock?: boolean;
}

/** A value without white space around it; an empty one is missing. */
export function present(raw: Raw): Raw {
  if (raw === undefined || raw === repeated) return raw;
  const text = trimSpace(raw);
  return text === "" ? undefined : text;
}

/** A sighting of a point, or the reason why it is none. */
function judge(point: RawPoint, context: ReaderContext): Sighting | Reason {
  const latitudeText = present(point.latitude);
  const longitudeText = present(point.longitude);
  const timeText = present(point.time);
  if (latitudeText === undefined || longitudeText === undefined) {
    return "no-position";
  }
  if (point.hasNoFix) return "no-fix";
  const client = context.givenId ?? point.id ?? context.ownId;
  if (
    client === repeated || latitudeText === repeated ||
    longitudeText === repeated || timeText === repeated
  ) return "repeated-key";
  if (client === undefined || client === "") return "no-id";
  const latitude = parseDecimal(latitudeText);
  const longitude = parseDecimal(longitudeText);
  if (latitude === undefined || longitude === undefined) return "not-a-number";
  if (!isWithin(latitude, 90)) return "latitude-out-of-range";
  if (!isWithin(longitude, 180)) return "longitude-out-of-range";
  const isUnsure = !point.attributes.hasAccuracy;
  if (isUnsure && isZero(latitude) && isZero(longitude)) return "zero-position";
  const north = signed(latitude);
  const east = signed(longitude);
  if (north.length + east.length > maxPositionBytes) return "position-too-long";
  if (client.length > maxIdBytes) return "id-too-long";
  const time = readTime(timeText, context.now);
  if (typeof time === "string") return time;
  return {
    client,
    latitude: north,
    longitude: east,
    time: time.time,
    note: time.note,
    attributes: point.attributes.field,
    isMock: point.isMock ?? false,
  };
}

/** Collects the points of one message. */
export class ReadingBuilder {
  readonly #format: Format;
  readonly #answer: AnswerKind;
  readonly #context: ReaderContext;
  readonly #sightings: Sighting[] = [];
  readonly #ignored: Ignored[] = [];
  #points = 0;

  constructor(format: Format, answer: AnswerKind, context: ReaderContext) {
    this.#format = format;
    this.#answer = answer;
    this.#context = context;
  }

  /** Judges a point, which may also be a reason why there is none. */
  add(point: RawPoint | Reason): void {
    const judged = typeof point === "string"
      ? point
      : judge(point, this.#context);
    const index = this.#points++;
    if (typeof judged === "string") {
      this.#ignored.push({ index, reason: judged });
    } else {
      this.#sightings.push(judged);
    }
  }

  /**
   * The reading. It is refused if nothing of the message was taken, and one of
   * its points had a reason that refuses.
   */
  finish(): Reading {
    if (this.#sightings.length > 0) return this.#reading(undefined);
    return this.#reading(
      this.#ignored.find(({ reason }) => isRefusal(reason))?.reason,
    );
  }

  /** The reading of a message that is refused only if one point has no ID. */
  finishUnlessWithoutId(): Reading {
    const hasNoId = this.#ignored.some(({ reason }) => reason === "no-id");
    return this.#reading(hasNoId ? "no-id" : undefined);
  }

  /** The reading of a message that is refused as a whole. */
  refuse(reason: Reason): Reading {
    return this.#reading(reason);
  }

  #reading(refusal: Reason | undefined): Reading {
    const isRefused = refusal !== undefined;
    return {
      format: this.#format,
      sightings: isRefused ? [] : this.#sightings,
      ignored: isRefused ? [] : this.#ignored,
      refusal,
      answer: this.#answer,
    };
  }
}
