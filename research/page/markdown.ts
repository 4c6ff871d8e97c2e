/**
 * Writes Markdown exactly as `deno fmt` formats it.
 *
 * @module
 */

const lineWidth = 80;

/** The text of a part whose measure has no samples. */
export const notMeasured = "Not measured.";

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** A column of words. */
export const words = (title: string): Column => ({ title, align: "left" });

/** A column of numbers. */
export const numbers = (title: string): Column => ({ title, align: "right" });

/** A table. Its cells are Markdown. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, at) =>
    Math.max(3, ...[titles, ...rows].map((row) => widthOf(row[at])))
  );
  const pad = (cells: readonly string[]) =>
    cells.map((cell, at) => {
      const space = " ".repeat(widths[at] - widthOf(cell));
      return columns[at].align === "left" ? cell + space : space + cell;
    });
  const rule = columns.map(({ align }, at) =>
    "-".repeat(widths[at] - 1) + (align === "left" ? "-" : ":")
  );
  return [pad(titles), rule, ...rows.map(pad)]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** In characters. */
const widthOf = (text: string) => [...text].length;

/** A paragraph in lines of at most 80 characters. */
export function paragraph(text: string): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (widthOf(line) <= lineWidth) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** Escapes a text for a cell. Code in backticks stays code. */
export function cell(text: string): string {
  return text.replace(/\s+/g, " ").trim()
    .split(/(`[^`]+`)/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replace(/[\\`*<>[\]~]|(?<!\w)_|_(?!\w)/g, "\\$&")
    )
    .join("")
    .replaceAll("|", "\\|");
}

/** Blocks, separated by empty lines. */
export const blocks = (...parts: readonly string[]) =>
  parts.filter((part) => part !== "").join("\n\n");
