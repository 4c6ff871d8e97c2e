/**
 * A server behind a session that does as a test says. Its replica is apart.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Whatsat } from "../../protocol/command.ts";
import { ReportWriter } from "../../protocol/report.ts";
import type { SessionBackend } from "../../sessions/session.ts";

/** A question that waits for the test to answer it. */
export interface OpenQuery {
  readonly line: ByteString;
  readonly question: Whatsat;
  readonly answer: (body: ByteString) => void;
}

/** Leaves questions to the test. */
export class FakeBackend implements SessionBackend {
  readonly reports = new ReportWriter("Hill");
  readonly questions: OpenQuery[] = [];
  readonly now = () => ({ seconds: 1520023935, nanoseconds: 182837383 });

  /** What the clock says; a test may set it. */
  nowMs = 0;
  readonly elapsedMs = () => this.nowMs;
  /** How long each question took. */
  readonly durationsMs: number[] = [];
  readonly recordQueryDuration = (durationMs: number) => {
    this.durationsMs.push(durationMs);
  };

  /** The open query with this radius. */
  questionWithin(radiusKm: string): OpenQuery {
    return this.questions.find(({ question }) =>
      question.radiusKm === radiusKm
    )!;
  }

  readonly places = (line: ByteString, question: Whatsat) =>
    new Promise<ByteString>((answer) =>
      this.questions.push({ line, question, answer })
    );
}
