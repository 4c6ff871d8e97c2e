/**
 * Times of devices: POSIX seconds, milliseconds, or ISO 8601.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { maxTimeIntegerDigits } from "../../protocol/limits.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { maxAheadSeconds, maxTimeBytes, minMilliseconds } from "./limits.ts";
import { type Decimal, parseDecimal } from "./numbers.ts";
import type { Reason } from "./reasons.ts";

/** Stands for the time at which the message arrives at the server. */
export const arrival = "arrival";

/** The time of a sighting. */
export interface SightingTime {
  /** POSIX seconds in digits, or `arrival`. */
  readonly time: ByteString;
  /** Why the time of arrival stands for the one that was sent. */
  readonly note?: Reason;
}

/** Fewer digits than the fewest of milliseconds. */
const wholeSeconds = /^[0-9]{1,11}$/;

/**
 * The time that a device sent; a reason if it is not one, or too long. A time
 * that is missing is that of arrival. So is one that can only be a wrong clock:
 * more than a day ahead of `now`, or before 1970.
 */
export function readTime(
  text: ByteString | undefined,
  now: Timestamp,
): SightingTime | Reason {
  if (text === undefined) return { time: arrival };
  // Nearly all devices send whole seconds.
  if (wholeSeconds.test(text) && Number(text) <= now.seconds) {
    return { time: text };
  }
  const seconds = parseSeconds(text);
  if (seconds === undefined) return "not-a-time";
  const { digits, isNegative } = seconds;
  const isPast = !isNegative && digits.length <= maxTimeIntegerDigits &&
    Number(digits) <= now.seconds;
  if (isPast) return { time: digits };
  if (isNegative && /[1-9]/.test(digits)) {
    return { time: arrival, note: "time-before-1970" };
  }
  if (isFarAhead(seconds, now)) {
    return { time: arrival, note: "time-far-ahead" };
  }
  const time = withFewZeros(digits);
  return time.length > maxTimeBytes ? "time-too-long" : { time };
}

/** The time without zeros before it, if they make it too long for a report. */
function withFewZeros(digits: ByteString): ByteString {
  const dotIndex = digits.indexOf(".");
  const wholeDigits = dotIndex < 0 ? digits.length : dotIndex;
  return wholeDigits <= maxTimeIntegerDigits
    ? digits
    : digits.replace(/^0+(?=[0-9])/, "");
}

/** POSIX seconds; undefined if the text is no time. */
function parseSeconds(text: ByteString): Decimal | undefined {
  const date = parsePlainDate(text);
  if (date !== undefined) return date;
  const number = parseDecimal(text);
  return number === undefined ? parseDate(text) : secondsOf(number);
}

/** The number itself, or a thousandth of it if it is in milliseconds. */
function secondsOf(number: Decimal): Decimal {
  const { digits, isNegative } = number;
  const [whole, fraction = ""] = digits.split(".");
  const isInteger = /^0*$/.test(fraction);
  // Longer numbers are far ahead in both units.
  const isMilliseconds = isInteger &&
    whole.length <= 2 * maxTimeIntegerDigits &&
    Number(whole) >= minMilliseconds;
  if (!isMilliseconds) return number;
  return { isNegative, digits: `${whole.slice(0, -3)}.${whole.slice(-3)}` };
}

function isFarAhead({ digits }: Decimal, now: Timestamp): boolean {
  const [whole, fraction = ""] = digits.split(".");
  const significant = whole.replace(/^0+/, "");
  if (significant.length > maxTimeIntegerDigits) return true;
  const ahead = Number(significant) - (now.seconds + maxAheadSeconds);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  return ahead > 0 || ahead === 0 && nanoseconds > now.nanoseconds;
}

/**
 * Date and time in the extended or the basic form of ISO 8601, with a `T` or a
 * space between them, optionally with a fraction of the second and an offset.
 * A plus sign that was not encoded in a query has become a space.
 */
const dateForm = new RegExp(
  /^(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d)/.source +
    /(?::?(\d\d)(?:[.,](\d+))?)?/.source +
    / ?(?:[Zz]|([+-]|(?<= ))(\d\d)(?::?(\d\d))?)?$/.source,
);

/**
 * A date in the form that most devices send: `2026-11-30T12:00:00Z`. Undefined
 * for all others. Takes a fraction of the time.
 */
function parsePlainDate(text: ByteString): Decimal | undefined {
  if (text.length !== "2026-11-30T12:00:00Z".length) return undefined;
  const hasMarks = text[4] === "-" && text[7] === "-" && text[10] === "T" &&
    text[13] === ":" && text[16] === ":" && text[19] === "Z";
  if (!hasMarks) return undefined;
  const century = twoDigits(text, 0);
  const seconds = secondsOfDate(
    100 * century + twoDigits(text, 2),
    twoDigits(text, 5),
    twoDigits(text, 8),
    twoDigits(text, 11),
    twoDigits(text, 14),
    twoDigits(text, 17),
  );
  // Dates before 1970, and texts that are no date, are read again.
  const isPlain = seconds !== undefined && seconds >= 0;
  return isPlain ? { isNegative: false, digits: `${seconds}` } : undefined;
}

/** The number of the two digits at an index; NaN if they are none. */
function twoDigits(text: ByteString, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  const areDigits = tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return areDigits ? 10 * tens + ones : NaN;
}

/** A date as POSIX seconds; undefined if it is none. */
function parseDate(text: ByteString): Decimal | undefined {
  const found = dateForm.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second = "0"] = found;
  const [fraction = "", sign, hours = "0", minutes = "0"] = found.slice(7);
  const utc = secondsOfDate(+year, +month, +day, +hour, +minute, +second);
  if (utc === undefined || Number(hours) > 23 || Number(minutes) > 59) {
    return undefined;
  }
  const offset = (Number(hours) * 60 + Number(minutes)) * 60;
  const seconds = sign === "-" ? utc + offset : utc - offset;
  if (seconds < 0) return { isNegative: true, digits: `${-seconds}` };
  // Programs write `.000` for whole seconds.
  const hasFraction = /[1-9]/.test(fraction);
  return {
    isNegative: false,
    digits: hasFraction ? `${seconds}.${fraction}` : `${seconds}`,
  };
}

/**
 * POSIX seconds of a date in UTC; undefined if there is no such date. 24:00:00
 * is the end of the day, and a leap second is the first of the next minute.
 */
export function secondsOfDate(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (minute > 59 || second > 60) return undefined;
  if (hour > 24 || hour === 24 && (minute > 0 || second > 0)) return undefined;
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  // A month or a day that does not exist leads to another date. So do years
  // before 100, which Date.UTC takes for those of the 20th century.
  const exists = date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists
    ? midnight / 1000 + (hour * 60 + minute) * 60 + second
    : undefined;
}
