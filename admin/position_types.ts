/**
 * What the administration port sends to the page about clients' positions.
 *
 * @module
 */

/** One dot: the client's ID, as the log writes it, is for people. */
export type ShownPosition = readonly [
  client: string,
  latitude: number,
  longitude: number,
  /** Who heard it. */
  server: string,
  /** The client's own, in POSIX seconds. */
  time: number,
];

/** A piece of what the map is told. */
export interface Positions {
  /** Whether these were known before the page came. */
  readonly isSnapshot: boolean;
  /** How many clients the server knows. */
  readonly known: number;
  /** How many reports came in since the last piece, shown or not. */
  readonly heard: number;
  readonly positions: readonly ShownPosition[];
}
