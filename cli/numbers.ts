/**
 * Formats numbers, in the same way for every table.
 *
 * @module
 */

/** A number such as `12,345.68`, with at most `decimals` decimals. */
export function formatNumber(value: number, decimals = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: decimals });
}

/** A count and its noun: `1 server`, `5 servers`. */
export function formatCount(count: number, thing: string): string {
  return `${formatNumber(count)} ${count === 1 ? thing : `${thing}s`}`;
}

/** A size of memory in MiB, such as `256 MiB`. */
export function formatMemory(bytes: number): string {
  return `${formatNumber(bytes / 2 ** 20)} MiB`;
}
