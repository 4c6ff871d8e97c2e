/**
 * Summaries of servers' states, which replicas carry between servers. A replica
 * treats a summary as opaque text.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";

/** Most bytes of a summary. */
export const maxSummaryBytes = 4_096;

/** Interval between two summaries of a server, in milliseconds. */
export const summaryEveryMs = 5_000;

/** A summary that another server has sent. */
export interface ReceivedSummary {
  /** The server that the summary is about. */
  readonly server: ByteString;
  /** One line of printable ASCII, at most `maxSummaryBytes` long. */
  readonly text: ByteString;
  /** When it arrived here, by `Clock.elapsedMs` of this server. */
  readonly receivedAtMs: number;
}

/** Carries summaries between the servers of a herd. */
export interface SummaryExchange {
  /**
   * Sends this server's summary to the linked neighbours. They forward it once,
   * to their own neighbours.
   */
  publish(text: ByteString): void;
  /** The newest summary of each other server of the herd, at most one each. */
  received(): readonly ReceivedSummary[];
}
