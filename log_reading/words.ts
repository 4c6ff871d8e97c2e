/**
 * Times and numbers in words, the same in every table.
 *
 * @module
 */

/** Microseconds as milliseconds or seconds: `0.412 ms`, `31.4 ms`, `2.05 s`. */
export function formatDuration(us: number): string {
  const size = Math.abs(us);
  const sign = us < 0 ? "-" : "";
  if (size < 10_000) return `${sign}${(size / 1000).toFixed(3)} ms`;
  if (size < 1_000_000) return `${sign}${(size / 1000).toFixed(1)} ms`;
  return `${sign}${formatNumber(size / 1_000_000, 2)} s`;
}

/** The same with its sign, also where it is positive. */
export function formatOffset(us: number): string {
  return us < 0 ? formatDuration(us) : `+${formatDuration(us)}`;
}

/** `12,345.68`, with so many decimals at most. */
export function formatNumber(value: number, decimals = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: decimals });
}

/** A number of things: `1 server`, `5 servers`. */
export function formatCount(count: number, thing: string): string {
  return `${formatNumber(count)} ${count === 1 ? thing : `${thing}s`}`;
}

/** Microseconds since 1970 as RFC 3339 in UTC, as the log has it. */
export function formatTime(us: number): string {
  const ms = Math.floor(us / 1000);
  const rest = `${us - ms * 1000}`.padStart(3, "0");
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}
