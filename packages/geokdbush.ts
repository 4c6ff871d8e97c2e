/**
 * The points of a kdbush index that are nearest on a sphere, and distances on
 * it.
 *
 * @module
 */
export { around, distance } from "npm:geokdbush@2.1.0";
