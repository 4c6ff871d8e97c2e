/**
 * GeoJSON shapes from a TopoJSON file.
 *
 * @module
 */
// @ts-types="./topojson_client.d.ts"
export * from "npm:topojson-client@3.1.0";
