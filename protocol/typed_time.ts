/**
 * Times as people and programs write them, and their conversion to the digits
 * of the protocol. Servers take only the digits.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";
import { isTime, type Timestamp } from "./time.ts";

/** Stands for the present time. */
export const nowWord = "now";

/** What `readTypedTime` accepts, for help and messages. */
export const typedTimes =
  `${nowWord}, ISO 8601 such as 2018-03-02T20:52:14.918Z, or POSIX seconds ` +
  "such as 1520023934.918";

/** The result of `readTypedTime`. */
export type TypedTime =
  /** The present time. */
  | { readonly kind: "now" }
  /** POSIX seconds, as the protocol has them. */
  | { readonly kind: "time"; readonly digits: ByteString }
  /** A number that can only be in another unit. The fault says so. */
  | { readonly kind: "other unit"; readonly fault: string }
  /** No time. `typedTimes` are expected. */
  | { readonly kind: "no time" };

/**
 * Units that are confused with seconds, with their decimal places, and the
 * most digits before the dot of a present time in each. A number of seconds has
 * 10 digits until the year 2286, and 11 until the year 5138.
 */
const otherUnits = [
  { unit: "milliseconds", places: 3, digits: 14 },
  { unit: "microseconds", places: 6, digits: 17 },
  { unit: "nanoseconds", places: 9, digits: 20 },
] as const;

/** Most digits before the dot of a number of seconds. */
const maxSecondsDigits = 11;

const numberPattern = /^0*(\d+)(?:\.(\d+))?$/;

const isoPattern =
  /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Reads a time: the word `now`, ISO 8601 with its zone, or POSIX seconds. The
 * digits of a fraction are kept.
 */
export function readTypedTime(text: string): TypedTime {
  if (text === nowWord) return { kind: "now" };
  const [, whole, fraction] = text.match(numberPattern) ?? [];
  if (whole?.length > maxSecondsDigits) {
    const fault = otherUnitFault(text, whole, fraction);
    return fault === undefined ? noTime : { kind: "other unit", fault };
  }
  const digits = isTime(text) ? text : posixOfIso(text);
  return digits === undefined ? noTime : { kind: "time", digits };
}

/** A timestamp as POSIX seconds with nine decimals. */
export function digitsOf({ nanoseconds, seconds }: Timestamp): ByteString {
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
}

const noTime: TypedTime = { kind: "no time" };

/** Says which unit a number has; undefined for none that is known. */
function otherUnitFault(
  text: string,
  whole: string,
  fraction = "",
): string | undefined {
  const other = otherUnits.find(({ digits }) => whole.length <= digits);
  if (other === undefined) return undefined;
  const seconds = `${whole.slice(0, -other.places)}.` +
    `${whole.slice(-other.places)}${fraction}`;
  return `${text} can only be ${other.unit}: expected seconds, ${seconds}`;
}

/**
 * ISO 8601 as POSIX seconds; undefined if it is not, or is before 1970 or after
 * 5138.
 */
function posixOfIso(text: string): ByteString | undefined {
  const [, date, hour, minute, second = "00", fraction, zone] =
    text.match(isoPattern) ?? [];
  if (date === undefined) return undefined;
  // Date.parse accepts the 30th of February.
  const midnight = new Date(`${date}T00:00:00Z`);
  const isDate = !isNaN(midnight.getTime()) &&
    midnight.toISOString().startsWith(date);
  if (!isDate) return undefined;
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}${zone}`);
  const seconds = `${ms / 1000}`;
  if (ms < 0 || seconds.length > maxSecondsDigits) return undefined;
  return fraction === undefined ? seconds : `${seconds}.${fraction}`;
}
