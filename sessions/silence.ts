/**
 * How long a connection has been silent, counted in heartbeats, so that a pause
 * of the server does not count against its clients.
 *
 * @module
 */
import { heartbeatMs } from "./limits.ts";

/** Counts the heartbeats of a connection without progress. */
export class Silence {
  /** Whether bytes were received or sent since the last heartbeat. */
  hasProgressed = false;
  /** Heartbeats in a row without progress. */
  #heartbeats = 0;

  /** Must be called every `heartbeatMs`. */
  onHeartbeat(): void {
    this.#heartbeats = this.hasProgressed ? 0 : this.#heartbeats + 1;
    this.hasProgressed = false;
  }

  /**
   * For how long nothing was received or sent, in milliseconds; negative at
   * first, as the first of these heartbeats may have come right after the last
   * byte.
   */
  get ms(): number {
    return (this.#heartbeats - 1) * heartbeatMs;
  }
}
