/**
 * The results of a run.
 *
 * @module
 */
import { Durations } from "./durations.ts";

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
  /** Times from sending a report or a query to its answer. */
  readonly iamat = new Durations();
  readonly whatsat = new Durations();
  /** Times from the answer to a report until another server had the report. */
  readonly propagation = new Durations();
  /** Reports that another server did not have at the deadline. */
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
