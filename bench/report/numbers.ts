/**
 * Numbers as the report prints them: three digits, because the noise of the
 * machine begins there.
 *
 * @module
 */

/** What stands where there is no number. */
export const nothing = "–";

/** With commas, and as many digits as asked for; a whole number has fewer. */
export function formatNumber(value: number, digits = 3): string {
  return value.toLocaleString("en-US", {
    minimumSignificantDigits: Number.isInteger(value) ? 1 : digits,
    maximumSignificantDigits: digits,
  });
}

/** A text whose long numbers get commas: `20000/s`, `1000000 clients`. */
export function withCommas(text: string): string {
  return text.replace(
    /\d{4,}/g,
    (number) => Number(number).toLocaleString("en-US"),
  );
}

/** A number, or what stands where there is none. */
export function formatOptional(
  value: number | undefined,
  format: (value: number) => string = (value) => formatNumber(value),
): string {
  return value === undefined ? nothing : format(value);
}

/** A ratio, with two places where it is small. */
export function formatRatio(value: number): string {
  return value < 10 ? value.toFixed(2) : formatNumber(value);
}

/** A part of one as a percentage. */
export function formatShare(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** Microseconds in the unit that suits them. */
export function formatMicroseconds(us: number): string {
  if (us < 999.5) return `${formatNumber(us)} µs`;
  if (us < 999_500) return `${formatNumber(us / 1000)} ms`;
  return `${formatNumber(us / 1_000_000)} s`;
}
