/**
 * Projections of the globe, as SVG paths.
 *
 * @module
 */
// @ts-types="./d3_geo.d.ts"
export * from "npm:d3-geo@3.1.2";
