/**
 * The columns and plots of the dashboard, as plain data for the browser.
 *
 * @module
 */
import { type PageColumn, type PageTable, walk } from "./field.ts";
import { serverStatus } from "./fields.ts";

/** A column of one of the dashboard's tables, and the path to its value. */
export interface PlacedColumn extends PageColumn {
  readonly path: readonly string[];
}

/** A plot of quantiles, and the path to its distribution. */
export interface PlacedPlot {
  readonly title: string;
  readonly path: readonly string[];
}

const fields = walk(serverStatus);

/** The columns of a table, from left to right. */
function columnsOf(name: PageTable): PlacedColumn[] {
  return fields
    .flatMap(({ field: { page }, path }) =>
      page === undefined ? [] : [{ ...page, path }]
    )
    .filter(({ table = "servers" }) => table === name)
    .toSorted(({ rank: one = 0 }, { rank: other = 0 }) => one - other);
}

/** The columns of each table. */
export const pageColumns: Readonly<
  Record<PageTable, readonly PlacedColumn[]>
> = { servers: columnsOf("servers"), gateways: columnsOf("gateways") };

/** The plots of quantiles, in their order. */
export const pagePlots: readonly PlacedPlot[] = fields
  .flatMap(({ field: { plot }, path }) =>
    plot === undefined ? [] : [{ title: plot, path }]
  );
