/**
 * Clients' positions as the administration port sends them to the page.
 *
 * @module
 */

/** The position of one client. The ID is escaped as in the log. */
export type ShownPosition = readonly [
  client: string,
  latitude: number,
  longitude: number,
  /** The server that received the report. */
  server: string,
  /** The client's time, in POSIX seconds. */
  time: number,
];

/** A piece of the positions. */
export interface Positions {
  /** Whether the positions are older than the page's stream. */
  readonly isSnapshot: boolean;
  /** Number of clients that the server knows. */
  readonly known: number;
  /** Number of reports received since the last piece, sampled or not. */
  readonly heard: number;
  readonly positions: readonly ShownPosition[];
}
