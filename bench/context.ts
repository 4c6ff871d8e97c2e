/**
 * What a measure is given, and what it gives back.
 *
 * @module
 */
import type { Cores } from "./processes.ts";

/** The surroundings of a measure. */
export interface Context {
  readonly cores: Cores;
  /** Counted from 1. Every measure runs once in each round. */
  readonly round: number;
  /** How long a load lasts, in seconds, after its warm-up. */
  readonly secondsAPoint: number;
  /** A folder for logs and other files; gone after the bench. */
  readonly folder: string;
  /** Writes a sample down. */
  readonly add: (
    subject: string,
    point: string,
    values: Readonly<Record<string, number>>,
  ) => void;
  /** Writes down that a rival is not installed; once is enough. */
  readonly missing: (subject: string, reason: string) => void;
}

/** Something that is measured. */
export interface Measure {
  readonly name: string;
  /** One line for the user: what this tells. */
  readonly title: string;
  /** Takes one round's samples. */
  readonly run: (context: Context) => Promise<void>;
}
