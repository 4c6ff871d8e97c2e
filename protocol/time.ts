/**
 * Times as POSIX seconds in the digits that were sent, `1520023934.918963997`.
 * They are compared digit by digit, and added and subtracted in whole seconds
 * and nanoseconds, so that nothing is rounded.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
  encodeScratch,
} from "./bytes.ts";
import { dot, minus, plus, skipDecimal, skipDigits, zero } from "./decimal.ts";
import { maxTimeIntegerDigits } from "./limits.ts";

/** A time in whole seconds and nanoseconds, for example by a server's clock. */
export interface Timestamp {
  /** Whole POSIX seconds. */
  readonly seconds: number;
  /** Whole nanoseconds of that second, 0 to 999,999,999. */
  readonly nanoseconds: number;
}

export const nanosecondsPerSecond = 1_000_000_000;

/** POSIX time has no leap seconds. */
export const secondsPerDay = 86_400;

/** The UTC day of a time in POSIX seconds, counted from 1970-01-01. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / secondsPerDay);
}

const decimals = 9;

/** The index after the time that begins at `start`, or -1. */
export function skipTime(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const timeEnd = skipDecimal(bytes, start, end);
  if (timeEnd - start <= maxTimeIntegerDigits) return timeEnd;
  const digits = skipDigits(bytes, start, end) - start;
  return digits <= maxTimeIntegerDigits ? timeEnd : -1;
}

/** Whether the text is a time. */
export function isTime(text: ByteString): boolean {
  return skipTime(encodeScratch(text), 0, text.length) === text.length;
}

/** The index after the zeros that begin at `start`. */
function skipZeros(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end && bytes[index] === zero) index += 1;
  return index;
}

/**
 * The value of the digits from `start` to `end`. Exact for at most 15 digits.
 */
export function wholeNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    value = value * 10 + (bytes[index] - zero);
  }
  return value;
}

/**
 * The nanoseconds of a time whose dot is at `dotIndex`. The time ends there if
 * it has no dot. Decimals after the ninth are ignored.
 */
export function nanosecondsAfter(
  bytes: Uint8Array,
  dotIndex: number,
  end: number,
): number {
  const fractionEnd = Math.min(dotIndex + 1 + decimals, end);
  let nanoseconds = 0;
  for (let index = dotIndex + 1; index <= dotIndex + decimals; index++) {
    nanoseconds = nanoseconds * 10 +
      (index < fractionEnd ? bytes[index] - zero : 0);
  }
  return nanoseconds;
}

/** A time in text; its decimals after the ninth are ignored. */
export function parseTimestamp(time: ByteString): Timestamp {
  const bytes = encodeScratch(time);
  const dotIndex = skipDigits(bytes, 0, time.length);
  return {
    seconds: wholeNumber(bytes, 0, dotIndex),
    nanoseconds: nanosecondsAfter(bytes, dotIndex, time.length),
  };
}

/** The same as text, with nine decimals. */
export function formatTimestamp({ nanoseconds, seconds }: Timestamp): string {
  return `${seconds}.${String(nanoseconds).padStart(decimals, "0")}`;
}

/** The time that is some seconds later, rounded to whole nanoseconds. */
export function addSeconds(time: Timestamp, seconds: number): Timestamp {
  const whole = Math.floor(seconds);
  const fraction = Math.round((seconds - whole) * nanosecondsPerSecond);
  const nanoseconds = time.nanoseconds + fraction;
  return nanoseconds < nanosecondsPerSecond
    ? { seconds: time.seconds + whole, nanoseconds }
    : {
      seconds: time.seconds + whole + 1,
      nanoseconds: nanoseconds - nanosecondsPerSecond,
    };
}

/** Seconds from one time to another, rounded to a double. */
export function secondsBetween(from: Timestamp, to: Timestamp): number {
  return to.seconds - from.seconds +
    (to.nanoseconds - from.nanoseconds) / nanosecondsPerSecond;
}

/** Compares two timestamps: negative, zero or positive. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.seconds === b.seconds
    ? a.nanoseconds - b.nanoseconds
    : a.seconds - b.seconds;
}

/**
 * Compares two times by value: negative, zero or positive. `1.5` and `1.50`
 * are equal, and so are `7` and `007`.
 *
 * @param maxDecimals Decimals after these are ignored.
 */
export function compareTimes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
  maxDecimals = Infinity,
): number {
  let aIndex = skipZeros(a, aStart, aEnd);
  let bIndex = skipZeros(b, bStart, bEnd);
  const aDot = skipDigits(a, aIndex, aEnd);
  const bDot = skipDigits(b, bIndex, bEnd);
  const digits = (aDot - aIndex) - (bDot - bIndex);
  if (digits !== 0) return digits;
  while (aIndex < aDot) {
    const difference = a[aIndex] - b[bIndex];
    if (difference !== 0) return difference;
    aIndex += 1;
    bIndex += 1;
  }
  aIndex += 1;
  bIndex += 1;
  const aLast = Math.min(aEnd, aIndex + maxDecimals);
  const bLast = Math.min(bEnd, bIndex + maxDecimals);
  while (aIndex < aLast || bIndex < bLast) {
    const aDigit = aIndex < aLast ? a[aIndex] : zero;
    const bDigit = bIndex < bLast ? b[bIndex] : zero;
    if (aDigit !== bDigit) return aDigit - bDigit;
    aIndex += 1;
    bIndex += 1;
  }
  return 0;
}

/** Most bytes of a clock difference. */
export const maxDifferenceBytes = 1 + 16 + 1 + decimals;

/**
 * Writes the server's clock minus the client's time, in seconds with a sign and
 * nine decimals, `+0.263873386`. Ignores decimals of the client's time after
 * the ninth. Returns the index after the clock difference.
 */
export function writeClockDifference(
  now: Timestamp,
  time: Uint8Array,
  timeStart: number,
  timeEnd: number,
  target: Uint8Array,
  at: number,
): number {
  const dotIndex = skipDigits(time, timeStart, timeEnd);
  let seconds = now.seconds - wholeNumber(time, timeStart, dotIndex);
  let nanoseconds = now.nanoseconds -
    nanosecondsAfter(time, dotIndex, timeEnd);
  // Gives both parts the same sign, so that they can be written separately.
  if (seconds > 0 && nanoseconds < 0) {
    seconds -= 1;
    nanoseconds += nanosecondsPerSecond;
  } else if (seconds < 0 && nanoseconds > 0) {
    seconds += 1;
    nanoseconds -= nanosecondsPerSecond;
  }
  target[at] = seconds < 0 || nanoseconds < 0 ? minus : plus;
  const dotAt = writeWholeNumber(Math.abs(seconds), target, at + 1);
  target[dotAt] = dot;
  writeDigits(Math.abs(nanoseconds), decimals, target, dotAt + 1);
  return dotAt + 1 + decimals;
}

/** Writes a whole number. Returns the index after it. */
function writeWholeNumber(
  value: number,
  target: Uint8Array,
  at: number,
): number {
  if (value >= nanosecondsPerSecond) {
    const upper = Math.floor(value / nanosecondsPerSecond);
    const middle = writeWholeNumber(upper, target, at);
    const lower = value - upper * nanosecondsPerSecond;
    writeDigits(lower, decimals, target, middle);
    return middle + decimals;
  }
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  writeDigits(value, digits, target, at);
  return at + digits;
}

/** Writes the last `digits` digits of a whole number below 2^31. */
export function writeDigits(
  value: number,
  digits: number,
  target: Uint8Array,
  at: number,
): void {
  let rest = value;
  for (let index = at + digits - 1; index >= at; index--) {
    // Integer division, which takes half the time of `Math.floor`.
    const tenth = (rest / 10) | 0;
    target[index] = zero + (rest - tenth * 10);
    rest = tenth;
  }
}

/** The same as text. */
export function clockDifference(now: Timestamp, time: ByteString): ByteString {
  const target = allocateBuffer(maxDifferenceBytes);
  const bytes = encodeScratch(time);
  const end = writeClockDifference(now, bytes, 0, time.length, target, 0);
  return decodeBytes(target, 0, end);
}

/**
 * The index after the clock difference that begins at `start`, in the form that
 * `writeClockDifference` writes, or -1.
 */
export function skipClockDifference(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (start === end) return -1;
  const sign = bytes[start];
  if (sign !== plus && sign !== minus) return -1;
  const dotIndex = skipDigits(bytes, start + 1, end);
  const digits = dotIndex - start - 1;
  if (digits < 1 || digits > 16) return -1;
  if (dotIndex === end || bytes[dotIndex] !== dot) return -1;
  const fractionEnd = skipDigits(bytes, dotIndex + 1, end);
  return fractionEnd - dotIndex - 1 === decimals ? fractionEnd : -1;
}
