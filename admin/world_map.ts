/**
 * The shape of `/map.json`: made by `map.ts`, drawn by the page.
 *
 * @module
 */

/** What `/map.json` holds. Lengths are in units of the map: it is 1000 wide. */
export interface WorldMap {
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
   * For each quarter of a degree of latitude from -90 to 90: how far a degree
   * of longitude reaches there. x is `width / 2` and longitude times that.
   */
  readonly xPerDegree: readonly number[];
  /** For the same latitudes: y, from the top. */
  readonly y: readonly number[];
}
