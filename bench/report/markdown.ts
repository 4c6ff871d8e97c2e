/**
 * Markdown as `deno fmt` would write it, so that a page of ours stays as it is
 * when somebody formats it.
 *
 * @module
 */

const lineWidth = 80;

/** What stands in a part whose measure has no samples at all. */
export const notMeasured = "Not measured.";

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly align: "left" | "right";
}

/** A column of words. */
export const words = (title: string): Column => ({ title, align: "left" });

/** A column of numbers. */
export const numbers = (title: string): Column => ({ title, align: "right" });

/** A table; its cells are Markdown. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, at) =>
    Math.max(3, ...[titles, ...rows].map((row) => widthOf(row[at])))
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const pad = (cells: readonly string[]) =>
    cells.map((cell, at) => {
      const space = " ".repeat(widths[at] - widthOf(cell));
      return columns[at].align === "left" ? cell + space : space + cell;
    });
  const rule = columns.map(({ align }, at) =>
    align === "left" ? "-".repeat(widths[at]) : "-".repeat(widths[at] - 1) + ":"
  );
  return [pad(titles), rule, ...rows.map(pad)].map(line).join("\n");
}

/** In characters, not in units of UTF-16. */
const widthOf = (text: string) => [...text].length;

/** A paragraph, in lines of at most 80 characters. */
export function paragraph(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= lineWidth) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines.join("\n");
}

/** A text from elsewhere as a cell. Code in backticks stays code. */
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

/** A plot, with what it shows for those who do not see it. */
export const image = (text: string, path: string) => `![${text}](${path})`;

/** A link to another file. */
export const link = (text: string, path: string) => `[${text}](${path})`;

/** Blocks, with an empty line between any two. */
export const blocks = (...parts: readonly string[]) =>
  parts.filter((part) => part !== "").join("\n\n");
