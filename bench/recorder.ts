/**
 * Gathers what measures have to say, tells the user of it as it comes, and knows
 * when the user has had enough.
 *
 * @module
 */
import type { Context, Measure } from "./context.ts";
import { formatNumber } from "./report/numbers.ts";
import type { Missing, Sample } from "./results.ts";

/** The user asked the bench to stop. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** What a measure needs besides someone to talk to. */
export type Surroundings = Omit<Context, "add" | "missing">;

/** All samples of a bench. */
export class Recorder {
  readonly #samples: Sample[] = [];
  readonly #missing: Missing[] = [];
  readonly #rounds: number;
  readonly #printLine: (line: string) => void;
  #stopReason: string | undefined;

  /** @param printLine Shows a line to the user. */
  constructor(rounds: number, printLine: (line: string) => void) {
    this.#rounds = rounds;
    this.#printLine = printLine;
  }

  /** What was measured up to a round, and that one too. */
  samplesUpTo(round: number): readonly Sample[] {
    return this.#samples.filter((sample) => sample.round <= round);
  }

  /** Who was not measured, and why; each once a measure. */
  get missing(): readonly Missing[] {
    return this.#missing;
  }

  /** From now on whatever a measure says ends it. */
  stop(reason: string): void {
    this.#stopReason = reason;
  }

  /** @throws {Stopped} If the user asked to stop. */
  throwIfStopped(): void {
    if (this.#stopReason !== undefined) throw new Stopped(this.#stopReason);
  }

  /** What a measure is given in a round. */
  contextFor({ name }: Measure, surroundings: Surroundings): Context {
    const { round } = surroundings;
    const where = (...parts: readonly string[]) =>
      `${round}/${this.#rounds} ${[name, ...parts].join(", ")}`;
    return {
      ...surroundings,
      add: (subject, point, values) => {
        this.throwIfStopped();
        this.#samples.push({ measure: name, subject, point, round, values });
        this.#printLine(`${where(point, subject)}: ${describe(values)}`);
      },
      missing: (subject, reason) => {
        this.throwIfStopped();
        const line = oneLine(reason);
        const isKnown = this.#missing.some((row) =>
          row.measure === name && row.subject === subject
        );
        // What goes wrong is said each time, but only the first is kept.
        if (!isKnown) {
          this.#missing.push({ measure: name, subject, reason: line });
        }
        this.#printLine(`${where(subject)}: missing: ${line}`);
      },
    };
  }
}

/** The first of the values, which is what a measure is about. */
function describe(values: Sample["values"]): string {
  const [[name, value]] = Object.entries(values);
  return `${name} ${formatNumber(value)}`;
}

const oneLine = (text: string) => text.trim().replace(/\s+/g, " ");
