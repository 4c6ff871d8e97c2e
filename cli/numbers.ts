/**
 * Numbers in words, the same in every table.
 *
 * @module
 */

/** `12,345.68`, with so many decimals at most. */
export function formatNumber(value: number, decimals = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: decimals });
}

/** A number of things: `1 server`, `5 servers`. */
export function formatCount(count: number, thing: string): string {
  return `${formatNumber(count)} ${count === 1 ? thing : `${thing}s`}`;
}
