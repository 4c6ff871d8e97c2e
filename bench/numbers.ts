/**
 * Formats numbers with three digits, because further digits are noise.
 *
 * @module
 */

/** The text in place of a missing number. */
export const nothing = "–";

/** With commas, and with these significant digits unless the number is whole. */
export function formatNumber(value: number, digits = 3): string {
  return value.toLocaleString("en-US", {
    minimumSignificantDigits: Number.isInteger(value) ? 1 : digits,
    maximumSignificantDigits: digits,
  });
}

/** Adds commas to the long numbers of a text: `20000/s`, `1000000 clients`. */
export function withCommas(text: string): string {
  return text.replace(
    /\d{4,}/g,
    (number) => Number(number).toLocaleString("en-US"),
  );
}

/** A number, or `nothing`. */
export function formatOptional(
  value: number | undefined,
  format: (value: number) => string = (value) => formatNumber(value),
): string {
  return value === undefined ? nothing : format(value);
}

/** A ratio, with two decimals below 10. */
export function formatRatio(value: number): string {
  return value < 10 ? value.toFixed(2) : formatNumber(value);
}

/** A share as a percentage. */
export function formatShare(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** Microseconds in a suitable unit. */
export function formatMicroseconds(us: number): string {
  if (us < 999.5) return `${formatNumber(us)} µs`;
  if (us < 999_500) return `${formatNumber(us / 1000)} ms`;
  return `${formatNumber(us / 1_000_000)} s`;
}
