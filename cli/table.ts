/**
 * Text in columns, by the width that it has on a terminal.
 *
 * @module
 */
import { cutToWidth, widthOf } from "./width.ts";

/** One column of a table. */
export interface Column {
  /** What stands above it; an empty text in every column leaves the line out. */
  readonly title: string;
  /** Numbers stand on the right, and are never cut. Text otherwise. */
  readonly isNumeric?: boolean;
}

/** How a table is laid out. */
export interface TableLayout {
  /** Most columns of a line on the terminal; any, if it is left out. */
  readonly width?: number;
  /** What stands before every line. Nothing, if it is left out. */
  readonly indentation?: string;
}

/** Between two columns. */
const gap = "  ";

/** Text is not cut to less than this. */
const leastTextWidth = 8;

/**
 * The rows as lines below each other, in aligned columns, without a LF at the
 * end. Cells may be painted. Where a line would be too wide, the widest column
 * of text is cut.
 *
 * @param rows A cell for each column; cells that are missing are empty.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  layout: TableLayout = {},
): string {
  const { indentation = "", width = Infinity } = layout;
  const titles = columns.map(({ title }) => title);
  const hasTitles = titles.some((title) => title !== "");
  const lines = hasTitles ? [titles, ...rows] : rows;
  const widths = columns.map((_, index) =>
    Math.max(0, ...lines.map((cells) => widthOf(cells[index] ?? "")))
  );
  fit(columns, widths, width - widthOf(indentation));
  return lines
    .map((cells) => indentation + formatRow(columns, widths, cells))
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Takes from the widest columns of text until the line fits, if it can. */
function fit(
  columns: readonly Column[],
  widths: number[],
  room: number,
): void {
  const gaps = gap.length * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - room;
  while (excess > 0) {
    let widest = -1;
    for (const [index, { isNumeric = false }] of columns.entries()) {
      if (isNumeric || widths[index] <= leastTextWidth) continue;
      if (widest < 0 || widths[index] > widths[widest]) widest = index;
    }
    if (widest < 0) return;
    widths[widest] -= 1;
    excess -= 1;
  }
}

function formatRow(
  columns: readonly Column[],
  widths: readonly number[],
  cells: readonly string[],
): string {
  return columns.map(({ isNumeric = false }, index) => {
    const cell = isNumeric
      ? cells[index] ?? ""
      : cutToWidth(cells[index] ?? "", widths[index]);
    const room = " ".repeat(Math.max(0, widths[index] - widthOf(cell)));
    return isNumeric ? room + cell : cell + room;
  }).join(gap);
}
