/**
 * The results of a run.
 *
 * @module
 */
import { Histogram, relativeBins } from "../runtime/histogram.ts";

/**
 * Durations in milliseconds: up to 2 ms to the microseconds, longer ones to a
 * thousandth.
 */
const durationBins = relativeBins(2048, 1000);

/** Most faults that are listed. */
const maxFaults = 5;

/** The counts of a run. */
export class Results {
  /** Reports sent. */
  reports = 0;
  /** Queries sent. */
  queries = 0;
  /** Correct answers. */
  right = 0;
  /**
   * Correct answers to queries about phones that the server did not know yet.
   */
  unknown = 0;
  /** Wrong answers. */
  wrong = 0;
  /** Requests without an answer before the deadline. */
  unanswered = 0;
  /** How often phones changed their server as planned. */
  roamed = 0;
  /** How often phones changed their server because a connection was lost. */
  moved = 0;
  /** From sending a report or a query to its answer. */
  readonly iamat = new Histogram(durationBins);
  readonly whatsat = new Histogram(durationBins);
  /** From the answer to a report until another server was seen to know it. */
  readonly propagation = new Histogram(durationBins);
  /** Reports that another server did not know after a long time. */
  late = 0;
  /** Descriptions of the first wrong answers. */
  readonly faults: string[] = [];

  /** Counts a wrong answer. */
  fault(description: string): void {
    this.wrong += 1;
    if (this.faults.length < maxFaults) this.faults.push(description);
  }
}

/** Which reports the servers had at the end. */
export interface Census {
  /** Servers that answered. */
  readonly reached: readonly string[];
  /** Servers that did not answer. */
  readonly silent: readonly string[];
  /** Phones of which a report was answered. */
  readonly phones: number;
  /**
   * How many of their newest reports were missing, over all servers that
   * answered.
   */
  readonly lost: number;
}
