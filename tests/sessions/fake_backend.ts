/**
 * A session's backend that a test controls. It does not contain a replica.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { QueryArea } from "../../sessions/session.ts";
import { ReportWriter } from "../../protocol/report.ts";
import type { SessionBackend } from "../../sessions/session.ts";

/** A query that waits until the test answers it. */
export interface OpenQuery {
  readonly line: ByteString;
  readonly query: QueryArea;
  readonly answer: (body: ByteString) => void;
}

/** Collects queries for the test to answer. */
export class FakeBackend implements SessionBackend {
  readonly reports = new ReportWriter("Hill");
  readonly queries: OpenQuery[] = [];
  readonly now = () => ({ seconds: 1520023935, nanoseconds: 182837383 });

  /** The elapsed time; a test may set it. */
  nowMs = 0;
  readonly elapsedMs = () => this.nowMs;
  /** The recorded durations of queries. */
  readonly durationsMs: number[] = [];
  readonly recordQueryDuration = (durationMs: number) => {
    this.durationsMs.push(durationMs);
  };

  /** The open query with this radius. */
  queryWithin(radiusKm: string): OpenQuery {
    return this.queries.find(({ query }) => query.radiusKm === radiusKm)!;
  }

  readonly places = (line: ByteString, query: QueryArea) =>
    new Promise<ByteString>((answer) =>
      this.queries.push({ line, query, answer })
    );
}
