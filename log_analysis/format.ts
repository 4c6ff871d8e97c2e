/**
 * Formats times and durations, in the same way for every table.
 *
 * @module
 */
import { formatNumber } from "../cli/numbers.ts";

const secondUs = 1_000_000;

/**
 * Long durations: two units, each with its length in microseconds and its name.
 */
const longUnits: readonly [number, string, number, string][] = [
  [86_400 * secondUs, "d", 3600 * secondUs, "h"],
  [3600 * secondUs, "h", 60 * secondUs, "min"],
  [60 * secondUs, "min", secondUs, "s"],
];

/** Formats microseconds: `0.412 ms`, `31.4 ms`, `2.05 s`, `5 h 12 min`. */
export function formatDuration(us: number): string {
  const size = Math.abs(us);
  const sign = us < 0 ? "-" : "";
  if (size < 10_000) return `${sign}${(size / 1000).toFixed(3)} ms`;
  if (size < secondUs) return `${sign}${(size / 1000).toFixed(1)} ms`;
  for (const [unit, name, smaller, smallerName] of longUnits) {
    if (size < 2 * unit) continue;
    const whole = formatNumber(Math.floor(size / unit));
    const rest = Math.floor(size % unit / smaller);
    return `${sign}${whole} ${name} ${rest} ${smallerName}`;
  }
  return `${sign}${(size / secondUs).toFixed(2)} s`;
}

/**
 * Formats a round duration as briefly as possible: `200 µs`, `5 ms`, `10 s`.
 */
export function formatRoundDuration(us: number): string {
  if (us < 1000) return `${formatNumber(us)} µs`;
  if (us < secondUs) return `${formatNumber(us / 1000)} ms`;
  return `${formatNumber(us / secondUs)} s`;
}

/** Formats a duration with its sign, also if it is positive. */
export function formatOffset(us: number): string {
  return us < 0 ? formatDuration(us) : `+${formatDuration(us)}`;
}

/** Formats microseconds since 1970 as RFC 3339 in UTC, as in the log. */
export function formatTime(us: number): string {
  const ms = Math.floor(us / 1000);
  const rest = `${us - ms * 1000}`.padStart(3, "0");
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

/**
 * Replaces characters that could control a terminal, for text from logs and
 * folders.
 */
export function printable(text: unknown): string {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
