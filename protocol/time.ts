/**
 * Times as POSIX seconds in the digits that were sent, `1520023934.918963997`.
 * They are compared digit by digit and subtracted in whole seconds and
 * nanoseconds, so that nothing is rounded on the way.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";
import { skipDecimal, skipDigits } from "./decimal.ts";
import { maxTimeIntegerDigits } from "./limits.ts";

/** An instant of a server's clock: seconds since 1970 in UTC, and the rest. */
export interface Timestamp {
  /** Whole POSIX seconds. */
  readonly seconds: number;
  /** Nanoseconds into that second, 0 to 999,999,999, a whole number. */
  readonly nanoseconds: number;
}

const nanosecondsPerSecond = 1_000_000_000;

/** Whether the whole text is a time. */
export function isTime(text: ByteString): boolean {
  return skipDecimal(text, 0) === text.length &&
    skipDigits(text, 0) <= maxTimeIntegerDigits;
}

/**
 * Compares two times by value: negative, zero or positive. `1.5` and `1.50`
 * are equal, and so are `7` and `007`.
 */
export function compareTimes(a: ByteString, b: ByteString): number {
  if (a === b) return 0;
  const aDot = skipDigits(a, 0);
  const bDot = skipDigits(b, 0);
  const seconds = Number(a.slice(0, aDot)) - Number(b.slice(0, bDot));
  if (seconds !== 0) return seconds;
  const digits = Math.max(a.length - aDot, b.length - bDot);
  const aFraction = a.slice(aDot + 1).padEnd(digits, "0");
  const bFraction = b.slice(bDot + 1).padEnd(digits, "0");
  return aFraction === bFraction ? 0 : aFraction < bFraction ? -1 : 1;
}

/**
 * The server's clock minus the client's time, in seconds: always a sign and
 * nine decimals, `+0.263873386`. Digits of the client's time beyond the
 * nanosecond, which no clock here can tell, are left out of the sum.
 */
export function clockDifference(now: Timestamp, time: ByteString): ByteString {
  const dotIndex = skipDigits(time, 0);
  const fraction = time.slice(dotIndex + 1, dotIndex + 10).padEnd(9, "0");
  let seconds = now.seconds - Number(time.slice(0, dotIndex));
  let nanoseconds = now.nanoseconds - Number(fraction);
  // Bring both parts to one sign, so that they can be written side by side.
  if (seconds > 0 && nanoseconds < 0) {
    seconds -= 1;
    nanoseconds += nanosecondsPerSecond;
  } else if (seconds < 0 && nanoseconds > 0) {
    seconds += 1;
    nanoseconds -= nanosecondsPerSecond;
  }
  const sign = seconds < 0 || nanoseconds < 0 ? "-" : "+";
  const decimals = String(Math.abs(nanoseconds)).padStart(9, "0");
  return `${sign}${Math.abs(seconds)}.${decimals}`;
}

/** Whether the text is a clock difference as `clockDifference` writes it. */
export function isClockDifference(text: ByteString): boolean {
  return /^[+-]\d{1,16}\.\d{9}$/.test(text);
}
