/**
 * Results as a file: JSON with one sample a line, so that people can read it,
 * and so that git shows which samples are others.
 *
 * @module
 */
import type { Results } from "./results.ts";

/** The text of a file of results. */
export function formatResults(results: Results): string {
  const fields = Object.entries(results).map(([name, value]) =>
    `  ${JSON.stringify(name)}: ${formatField(value)}`
  );
  return `{\n${fields.join(",\n")}\n}\n`;
}

/** Lists have an item a line, and objects a field. */
function formatField(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) {
    const items = value.map((item) => `    ${JSON.stringify(item)}`);
    return `[\n${items.join(",\n")}\n  ]`;
  }
  return JSON.stringify(value, undefined, 2).replaceAll("\n", "\n  ");
}
