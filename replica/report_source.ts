/**
 * The source of a connection's reports. A replica limits each source, so that
 * one cannot take the room of all others.
 *
 * @module
 */

/** One connection of a source of reports. */
export class ReportSource {
  /** Identifies the source: for example, the client's address. */
  readonly key: string;
  /** The replica's number for the source; 0 until it is assigned. */
  number = 0;
  /** How many new clients were accepted beyond the source's share. */
  clientsBeyondShare = 0;

  constructor(key: string) {
    this.key = key;
  }
}
