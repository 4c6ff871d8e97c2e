/**
 * A second implementation of numbers, positions and times, after
 * docs/PROTOCOL.md. It is slow and simple, and uses no code of protocol/. For
 * an invalid text it gives the reason in a few words.
 *
 * @module
 */

/** The reason why a text is invalid; undefined if it is valid. */
export type Objection = string | undefined;

const digits = [..."0123456789"];

/** 1*DIGIT */
export function isDigits(text: string): boolean {
  return text.length > 0 && [...text].every((byte) => digits.includes(byte));
}

/** decimal = 1*DIGIT [ "." 1*DIGIT ] */
export function isDecimal(text: string): boolean {
  const parts = text.split(".");
  return parts.length <= 2 && parts.every(isDigits);
}

/** An exact decimal number: `units / 10 ** decimals`. */
interface Exact {
  readonly units: bigint;
  readonly decimals: number;
}

function exact(decimal: string): Exact {
  const [integer, fraction = ""] = decimal.split(".");
  return { units: BigInt(integer + fraction), decimals: fraction.length };
}

/** Compares two decimal numbers by value: -1, 0 or 1. */
export function compareDecimals(one: string, other: string): number {
  const [a, b] = [exact(one), exact(other)];
  const left = a.units * 10n ** BigInt(b.decimals);
  const right = b.units * 10n ** BigInt(a.decimals);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** radius = decimal, 0 to 50 kilometres */
export function objectionToRadius(text: string): Objection {
  if (!isDecimal(text)) return "radius: no number";
  return compareDecimals(text, "50") > 0 ? "radius: over 50" : undefined;
}

/** bound = 1*DIGIT, 0 to 20 places */
export function objectionToBound(text: string): Objection {
  if (!isDigits(text)) return "bound: no whole number";
  return compareDecimals(text, "20") > 0 ? "bound: over 20" : undefined;
}

/** time = decimal, with at most 15 digits before the "." */
export function objectionToTime(text: string): Objection {
  if (!isDecimal(text)) return "time: no number";
  const [integer] = text.split(".");
  return integer.length > 15 ? "time: over 15 digits" : undefined;
}

/** The parts of a position. */
export interface Angles {
  readonly latitude: string;
  readonly longitude: string;
}

/** Splits a position at its signs; undefined if there are not exactly two. */
export function splitPosition(text: string): Angles | undefined {
  const signs = [...text.matchAll(/[+-]/g)].map(({ index }) => index);
  if (signs.length !== 2 || signs[0] !== 0) return undefined;
  return { latitude: text.slice(0, signs[1]), longitude: text.slice(signs[1]) };
}

/** position = sign decimal sign decimal, up to 90 and up to 180 degrees */
export function objectionToPosition(text: string): Objection {
  const angles = splitPosition(text);
  if (angles === undefined) return "position: not two signs";
  const [latitude, longitude] = [
    angles.latitude.slice(1),
    angles.longitude.slice(1),
  ];
  if (!isDecimal(latitude)) return "latitude: no number";
  if (!isDecimal(longitude)) return "longitude: no number";
  if (compareDecimals(latitude, "90") > 0) return "latitude: over 90";
  if (compareDecimals(longitude, "180") > 0) return "longitude: over 180";
  return undefined;
}

/**
 * The whole nanoseconds of a decimal number, with a sign or without. Decimals
 * after the ninth are ignored.
 */
export function nanosecondsOf(text: string): bigint {
  const [integer, fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const size = BigInt(integer + fraction.slice(0, 9).padEnd(9, "0"));
  return text.startsWith("-") ? -size : size;
}

/** A time by a server's clock. */
export interface Instant {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * The server's clock minus the client's time, in seconds: a sign, digits, a
 * dot, nine decimals. Decimals of the client's time after the ninth are
 * ignored.
 */
export function clockDifference(now: Instant, time: string): string {
  const [integer, fraction = ""] = time.split(".");
  const nanoseconds = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  const difference = BigInt(now.seconds) * 1_000_000_000n +
    BigInt(now.nanoseconds) - BigInt(integer) * 1_000_000_000n - nanoseconds;
  const sign = difference < 0n ? "-" : "+";
  const size = difference < 0n ? -difference : difference;
  const text = size.toString().padStart(10, "0");
  return `${sign}${text.slice(0, -9)}.${text.slice(-9)}`;
}
