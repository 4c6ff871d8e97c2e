/**
 * Reads the values of a status as the servers' programs do. A browser gets that
 * very file under this name.
 *
 * @module
 */
export { quantileOf, valueAt } from "../../server/status/values.js";
