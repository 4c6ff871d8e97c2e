/**
 * Checks numbers that a program passes, which may have been read from JSON.
 *
 * @module
 */

/** Whether a value is a whole number in a range. */
export function isWholeNumber(
  value: unknown,
  least: number,
  most: number,
): boolean {
  return Number.isInteger(value) && Number(value) >= least &&
    Number(value) <= most;
}

/** What `isWholeNumber` expects, for a message. */
export function expectedWholeNumber(least: number, most: number): string {
  return `expected a whole number from ${least} to ${most}`;
}

/** Any value as JSON, for a message. */
export function describe(value: unknown): string {
  const isObject = typeof value === "object" && value !== null;
  if (!isObject && typeof value !== "string") return String(value);
  // JSON has neither NaN nor big integers.
  return JSON.stringify(
    value,
    (_, member) =>
      typeof member === "bigint" || typeof member === "number" &&
          !Number.isFinite(member)
        ? String(member)
        : member,
  );
}
