/**
 * A stream of reports, one JSON text a line. Lines are taken as they arrive, and
 * the answer at the end says how many.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { Intake, Sender } from "../intake.ts";
import {
  answerWithCounts,
  type IgnoredPoint,
  ignoredPoints,
} from "../readers/answers.ts";
import { maxNamedReasons } from "../readers/limits.ts";
import { type Reason, reasons } from "../readers/reasons.ts";
import { ReportLines } from "../readers/reports.ts";
import { type HttpAnswer, textAnswer } from "./http_answer.ts";

/** One stream. */
export class LineStream {
  readonly #intake: Intake;
  readonly #sender: Sender;
  readonly #lines: ReportLines;
  #now: Timestamp;
  #taken = 0;
  #ignored = 0;
  #refusal: Reason | undefined;
  /** How many points there were. */
  #points = 0;
  /** The first ones that were ignored. */
  readonly #named: IgnoredPoint[] = [];

  /** @param now When it began. */
  constructor(intake: Intake, sender: Sender, now: Timestamp) {
    this.#intake = intake;
    this.#sender = sender;
    this.#now = now;
    const ownId: ByteString | undefined = sender.identity?.subject;
    this.#lines = new ReportLines(() => ({ now: this.#now, ownId }));
  }

  /** Takes the lines that end in these bytes. */
  async push(bytes: Uint8Array, now: Timestamp): Promise<void> {
    this.#now = now;
    await this.#take(this.#lines.push(bytes));
  }

  /** Takes a last line without its end, and gives the answer. */
  async end(now: Timestamp): Promise<HttpAnswer> {
    this.#now = now;
    await this.#take(this.#lines.end());
    if (this.#taken === 0 && this.#refusal !== undefined) {
      return textAnswer(400, reasons[this.#refusal].sentence);
    }
    return answerWithCounts(this.#taken, this.#ignored, this.#named);
  }

  async #take(readings: ReturnType<ReportLines["push"]>): Promise<void> {
    for (const reading of readings) {
      const { ignored, refusal, sightings } = reading;
      const reason = refusal ?? ignored.at(0)?.reason;
      if (reason !== undefined) {
        const line = encodeBytes(this.#lines.line);
        this.#intake.keepExample(reason, this.#sender.gateway, line);
      }
      if (refusal !== undefined) {
        this.#refusal ??= refusal;
        this.#ignored += 1;
        this.#name([{ index: 0, reason: refusal }]);
        this.#points += 1;
      }
      const outcome = this.#intake.take(reading, this.#sender, this.#now);
      const { refused, taken } = outcome instanceof Promise
        ? await outcome
        : outcome;
      this.#taken += taken;
      this.#ignored += ignored.length + sightings.length - taken;
      this.#name(ignoredPoints(reading, refused));
      this.#points += ignored.length + sightings.length;
    }
  }

  /** Notes points of the reading that begins at `#points`. */
  #name(points: readonly IgnoredPoint[]): void {
    for (const { index, reason } of points) {
      if (this.#named.length >= maxNamedReasons) return;
      this.#named.push({ index: this.#points + index, reason });
    }
  }
}
