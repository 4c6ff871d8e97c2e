/**
 * On whose behalf a connection reports, so that one source cannot take the room
 * of all others.
 *
 * @module
 */

/** One connection of a source of reports. */
export class ReportSource {
  /** What tells sources apart: the address of the client, say. */
  readonly key: string;
  /** What the replica calls the source; 0 until it has given it a number. */
  number = 0;
  /** New clients of this connection that were taken beyond the source's share. */
  clientsBeyondShare = 0;

  constructor(key: string) {
    this.key = key;
  }
}
