/**
 * An index of points, for the gazetteer.
 *
 * @module
 */
export { default } from "npm:kdbush@4.1.0";
