/**
 * Measures how long reports take through the herd: from the clock of the server
 * that heard the client to ours. Of the reports that come in together one is
 * measured, so that it costs nothing to speak of under load.
 *
 * @module
 */
import { heardAtOf, type Report } from "../../protocol/report.ts";
import { type Clock, secondsOf } from "../../runtime/clock.ts";

/** Where durations are counted. */
export interface DurationSink {
  add(seconds: number): void;
}

/** The arrivals at one server. */
export class PropagationSampler {
  readonly #clock: Clock;
  readonly #durations: DurationSink;
  #isMeasured = false;

  constructor(clock: Clock, durations: DurationSink) {
    this.#clock = clock;
    this.#durations = durations;
  }

  /** A neighbour has sent a report that was news. */
  sample(report: Report): void {
    if (this.#isMeasured) return;
    this.#isMeasured = true;
    this.#durations.add(secondsOf(this.#clock) - heardAtOf(report.line));
  }

  /** What comes from now on does not come together with the last. */
  endBatch(): void {
    this.#isMeasured = false;
  }
}
