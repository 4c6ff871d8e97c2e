/** The part of d3-geo that this project uses. */

/** A GeoJSON object, or `{ type: "Sphere" }`, which is d3's own. */
export interface GeoObject {
  readonly type: string;
}

/** Converts [longitude, latitude] in degrees to [x, y]. */
export interface Projection {
  (point: readonly [number, number]): [number, number];
  fitWidth(width: number, object: GeoObject): Projection;
  fitExtent(
    extent: readonly [readonly [number, number], readonly [number, number]],
    object: GeoObject,
  ): Projection;
}

/** Draws as SVG path data. */
export interface PathMaker {
  (object: GeoObject): string;
  /** Number of decimals. */
  digits(count: number): PathMaker;
  /** [[left, top], [right, bottom]] */
  bounds(object: GeoObject): [[number, number], [number, number]];
}

export function geoNaturalEarth1(): Projection;
export function geoPath(projection: Projection): PathMaker;

/** Creates lines of latitude and longitude. */
export interface Graticule {
  (): GeoObject;
  /** Degrees between lines: of longitude, of latitude. */
  step(degrees: readonly [number, number]): Graticule;
}

export function geoGraticule(): Graticule;
