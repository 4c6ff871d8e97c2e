/**
 * The fields of a server's status that the page shows. For browsers, `page.ts`
 * generates a file of this name with the same lists.
 *
 * @module
 */
export { pageColumns, pagePlots } from "../../server/status/page_fields.ts";
