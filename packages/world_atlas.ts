/**
 * Natural Earth's land and borders, as a TopoJSON file.
 *
 * @module
 */
export { default } from "npm:/world-atlas@2.0.2/countries-110m.json" with {
  type: "json",
};
