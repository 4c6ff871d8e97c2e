/**
 * An index of points, used by the gazetteer.
 *
 * @module
 */
export { default } from "npm:kdbush@4.1.0";
