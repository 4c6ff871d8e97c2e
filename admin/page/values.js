/**
 * Reads values of a status. For browsers, `page.ts` serves the imported file
 * under this name.
 *
 * @module
 */
export { quantileOf, valueAt } from "../../server/status/values.js";
