/**
 * The shape of `/map.json`: made by `tools/make_map.ts`,
 * drawn by the page.
 *
 * @module
 */

/** The contents of `/map.json`. Lengths are in units of the map. */
export interface WorldMap {
  /** Always 1000. */
  readonly width: number;
  readonly height: number;
  /** SVG path data. */
  readonly sphere: string;
  /** SVG path data: a line every thirty degrees. */
  readonly graticule: string;
  /** SVG path data. */
  readonly land: string;
  /** SVG path data: lines between countries. */
  readonly borders: string;
  /**
   * For each quarter of a degree of latitude from -90 to 90: the length of a
   * degree of longitude. x is `width / 2` plus the longitude times this length.
   */
  readonly xPerDegree: readonly number[];
  /** For the same latitudes: y, measured from the top. */
  readonly y: readonly number[];
}
