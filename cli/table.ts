/**
 * Formats tables by the width of text on a terminal.
 *
 * @module
 */
import { cutToWidth, widthOf } from "./width.ts";

export interface Column {
  /** The title. If all titles are empty, the table has no line of titles. */
  readonly title: string;
  /** Whether cells are aligned on the right and never cut. Default: false. */
  readonly isNumeric?: boolean;
}

export interface TableLayout {
  /** Longest line, in columns of the terminal. Default: no limit. */
  readonly width?: number;
  /** Text before every line. Default: empty. */
  readonly indentation?: string;
}

/** Text between two columns. */
const gap = "  ";

/** Text is never cut below this width, in columns of the terminal. */
const leastTextWidth = 8;

/**
 * The rows as lines with aligned columns, without a LF at the end. Cells may
 * have colours. If lines are too wide, the widest columns of text are cut.
 *
 * @param rows A cell for each column; missing cells are empty.
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

/** Narrows the widest columns of text until the lines fit, if they can. */
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
