/**
 * The columns and plots of the dashboard, as plain data for the browser.
 *
 * @module
 */
import { type PageColumn, walk } from "./field.ts";
import { serverStatus } from "./fields.ts";

/** A column of the dashboard's table, and the path to its value. */
export interface PlacedColumn extends PageColumn {
  readonly path: readonly string[];
}

/** A plot of quantiles, and the path to its distribution. */
export interface PlacedPlot {
  readonly title: string;
  readonly path: readonly string[];
}

const fields = walk(serverStatus);

/** The columns of the table of servers, from left to right. */
export const pageColumns: readonly PlacedColumn[] = fields
  .flatMap(({ field: { page }, path }) =>
    page === undefined ? [] : [{ ...page, path }]
  )
  .toSorted(({ rank: one = 0 }, { rank: other = 0 }) => one - other);

/** The plots of quantiles, in their order. */
export const pagePlots: readonly PlacedPlot[] = fields
  .flatMap(({ field: { plot }, path }) =>
    plot === undefined ? [] : [{ title: plot, path }]
  );
