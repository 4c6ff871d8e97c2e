/**
 * What the page shows of each server's status. A browser gets the lists
 * themselves under this name.
 *
 * @module
 */
export { pageColumns, pagePlots } from "../../server/status/page_fields.ts";
