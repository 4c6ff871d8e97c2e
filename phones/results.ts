/**
 * What came of a run.
 *
 * @module
 */
import { Histogram, relativeBins } from "../runtime/histogram.ts";

/**
 * Durations in milliseconds: up to 2 ms to the microseconds, longer ones to a
 * thousandth.
 */
const durationBins = relativeBins(2048, 1000);

/** So many faults are told of in full. */
const faultsKept = 5;

/** Counts of a run. */
export class Results {
  /** Reports sent. */
  reports = 0;
  /** Questions asked. */
  queries = 0;
  /** Answers that were what they must be. */
  right = 0;
  /** Of the right ones: the server had not heard of that phone yet. */
  unknown = 0;
  /** Answers that were not. */
  wrong = 0;
  /** Requests that were never answered, or not in time. */
  unanswered = 0;
  /** Phones that have changed their server because they wanted to. */
  roamed = 0;
  /** And because a connection was lost. */
  moved = 0;
  /** From sending a report or a question to its answer. */
  readonly iamat = new Histogram(durationBins);
  readonly whatsat = new Histogram(durationBins);
  /** From the answer to a report until another server was seen to know it. */
  readonly propagation = new Histogram(durationBins);
  /** Reports that another server did not know after a long time. */
  late = 0;
  /** What was wrong, the first few. */
  readonly faults: string[] = [];

  /** An answer was not what it must be. */
  fault(words: string): void {
    this.wrong += 1;
    if (this.faults.length < faultsKept) this.faults.push(words);
  }
}

/** What the servers knew in the end. */
export interface Census {
  /** Servers that were asked and have answered. */
  readonly reached: readonly string[];
  /** Servers that have not. */
  readonly silent: readonly string[];
  /** Newest reports that were answered, of all phones. */
  readonly phones: number;
  /** How many of them were not the newest at a server that was reached. */
  readonly lost: number;
}
