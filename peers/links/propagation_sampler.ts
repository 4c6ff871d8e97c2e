/**
 * Measures the propagation of reports: from the time at their origin, by its
 * clock, to their arrival at this server. Only the first new report of each
 * chunk is measured, so that the cost stays low under load.
 *
 * @module
 */
import { heardAt } from "../../protocol/order.ts";
import type { Report } from "../../protocol/report.ts";
import { secondsBetween } from "../../protocol/time.ts";
import type { Clock } from "../../runtime/clock.ts";

/** Counts durations. */
export interface DurationSink {
  add(seconds: number): void;
}

/** Measures the reports that arrive at one server. */
export class PropagationSampler {
  readonly #clock: Clock;
  readonly #durations: DurationSink;
  #hasSample = false;

  constructor(clock: Clock, durations: DurationSink) {
    this.#clock = clock;
    this.#durations = durations;
  }

  /** Measures a new report, unless one of its chunk was measured. */
  sample(report: Report): void {
    if (this.#hasSample) return;
    this.#hasSample = true;
    this.#durations.add(secondsBetween(heardAt(report), this.#clock.now()));
  }

  /** Ends a chunk. */
  endBatch(): void {
    this.#hasSample = false;
  }
}
