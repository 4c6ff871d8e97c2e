/**
 * What a measure is, what it is given, and where its samples go.
 *
 * @module
 */
import { formatNumber } from "./numbers.ts";
import type { Cores } from "./processes.ts";
import type { Missing, Sample } from "./results.ts";

/** The surroundings of a measure in one round. */
export interface Context {
  readonly cores: Cores;
  /** Counted from 1. Every measure runs once in each round. */
  readonly round: number;
  /** How long a load lasts after its warm-up, in seconds. */
  readonly secondsAPoint: number;
  /** A folder for logs and other files, removed after the measure. */
  readonly folder: string;
  /** Records a sample. */
  readonly add: (
    subject: string,
    point: string,
    values: Readonly<Record<string, number>>,
  ) => void;
  /** Records why a subject has no samples. */
  readonly missing: (subject: string, reason: string) => void;
}

/** Something that is measured. */
export interface Measure {
  readonly name: string;
  /** Takes the samples of one round. */
  readonly run: (context: Context) => Promise<void>;
}

/** The user stopped the bench. The message is the name of the signal. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Collects the samples of all measures and prints each one. */
export class Recorder {
  readonly #samples: Sample[] = [];
  readonly #missing: Missing[] = [];
  readonly #rounds: number;
  readonly #printLine: (line: string) => void;
  #stopReason: string | undefined;

  constructor(rounds: number, printLine: (line: string) => void) {
    this.#rounds = rounds;
    this.#printLine = printLine;
  }

  /** The samples of the rounds up to this one, inclusive. */
  samplesUpTo(round: number): readonly Sample[] {
    return this.#samples.filter((sample) => sample.round <= round);
  }

  /** The subjects without samples; each once a measure, with its first reason. */
  get missing(): readonly Missing[] {
    return this.#missing;
  }

  /** Ends the running measure when it next records something. */
  stop(reason: string): void {
    this.#stopReason = reason;
  }

  /** @throws {Stopped} If the user stopped the bench. */
  throwIfStopped(): void {
    if (this.#stopReason !== undefined) throw new Stopped(this.#stopReason);
  }

  /** The context of a measure. */
  contextFor(
    { name }: Measure,
    surroundings: Omit<Context, "add" | "missing">,
  ): Context {
    const { round } = surroundings;
    const print = (place: readonly string[], text: string) =>
      this.#printLine(
        `${round}/${this.#rounds} ${[name, ...place].join(", ")}: ${text}`,
      );
    return {
      ...surroundings,
      add: (subject, point, values) => {
        this.throwIfStopped();
        this.#samples.push({ measure: name, subject, point, round, values });
        const [[first, value]] = Object.entries(values);
        print([point, subject], `${first} ${formatNumber(value)}`);
      },
      missing: (subject, text) => {
        this.throwIfStopped();
        const reason = text.trim().replace(/\s+/g, " ");
        const isKnown = this.#missing.some((row) =>
          row.measure === name && row.subject === subject
        );
        if (!isKnown) this.#missing.push({ measure: name, subject, reason });
        print([subject], `missing: ${reason}`);
      },
    };
  }
}
