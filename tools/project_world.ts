/**
 * The map of the world that the page draws: Natural Earth's land and borders
 * (public domain, packed by world-atlas) in the Natural Earth projection.
 *
 * The shapes are projected to SVG path data, so that neither the page nor the
 * server needs a library. It takes about 100 ms, too long for a running server. For single points the page gets a table: in a pseudocylindrical
 * projection, x is proportional to the longitude, and the factor and y depend
 * on the latitude only.
 *
 * @module
 */
import world from "../packages/world_atlas.ts";
import { geoGraticule, geoNaturalEarth1, geoPath } from "../packages/d3_geo.ts";
import { feature, mesh } from "../packages/topojson_client.ts";
import type { WorldMap } from "../admin/world_map.ts";

const width = 1000;
const sphere = { type: "Sphere" };

/** The map as JSON: the content of admin/map.json, about 100 kB. */
export function createMap(): string {
  return `${JSON.stringify(projectWorld())}\n`;
}

function projectWorld(): WorldMap {
  const projection = geoNaturalEarth1().fitWidth(width, sphere);
  const path = geoPath(projection).digits(1);
  const [, [, height]] = path.bounds(sphere);
  const { land, countries } = world.objects;
  const latitudes = Array.from({ length: 721 }, (_, index) => index / 4 - 90);
  const round = (value: number) => Number(value.toFixed(5));
  return {
    width,
    height: round(height),
    sphere: path(sphere),
    graticule: path(geoGraticule().step([30, 30])()),
    land: path(feature(world, land)),
    borders: path(mesh(world, countries, (left, right) => left !== right)),
    xPerDegree: latitudes.map((latitude) =>
      round((projection([180, latitude])[0] - width / 2) / 180)
    ),
    y: latitudes.map((latitude) => round(projection([0, latitude])[1])),
  };
}
