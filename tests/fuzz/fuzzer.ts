/**
 * Searches for faults in a target: runs its corpus, then random mutations of
 * it. The fuzzer cannot see which lines of the code an input has reached. So
 * for each input the target returns a signature, which describes in a few words
 * how the code processed it. The shortest input of each signature is kept in a
 * pool and mutated further, which leads step by step to inputs that satisfy
 * many rules. Half of the inputs are mutated from the corpus, as most inputs in
 * the pool break some rule early. The same seed and corpus always give the same
 * inputs.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { Random } from "../../runtime/random.ts";
import { Mutator } from "./mutator.ts";
import { shrink } from "./shrink.ts";
import type { Target } from "./target.ts";

/** A fault that was found. */
export interface Failure {
  /** The input after shrinking. */
  readonly input: ByteString;
  /** The property that does not hold, or the unexpected error. */
  readonly message: string;
  /** How many inputs were run until the fault was found. */
  readonly runs: number;
}

/** Inputs longer than this, in bytes, are slow and mutated less often. */
const longInputBytes = 1024;

/** A search for a fault in one target. */
export class Fuzzer {
  readonly #target: Target;
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #corpus: readonly ByteString[];
  /** The shortest input of each signature. */
  readonly #pool: ByteString[] = [];
  /** The index in the pool of each signature's input. */
  readonly #signatures = new Map<string, number>();
  #runs = 0;
  #failure: Failure | undefined;

  constructor(target: Target, corpus: readonly ByteString[], seed: number) {
    this.#target = target;
    this.#random = new Random(seed);
    this.#mutator = new Mutator(this.#random, target.tokens);
    this.#corpus = ["", ...corpus];
  }

  /** How many inputs were run. */
  get runs(): number {
    return this.#runs;
  }

  /** The inputs that are mutated besides the corpus. */
  get pool(): readonly ByteString[] {
    return this.#pool;
  }

  /** The first fault, with which the search ends. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Runs `count` inputs, or fewer if one of them shows a fault. */
  async run(count: number): Promise<void> {
    for (let left = count; left > 0 && !this.#failure; left--) {
      await this.#runOne();
    }
  }

  async #runOne(): Promise<void> {
    const input = this.#runs < this.#corpus.length
      ? this.#corpus[this.#runs]
      : this.#mutator.mutate(this.#pick(), this.#pick());
    this.#runs += 1;
    let signature: string;
    try {
      signature = await this.#target.check(input);
    } catch (error) {
      await this.#fail(input, error);
      return;
    }
    const known = this.#signatures.get(signature);
    if (known === undefined) {
      this.#signatures.set(signature, this.#pool.push(input) - 1);
    } else if (input.length < this.#pool[known].length) {
      this.#pool[known] = input;
    }
  }

  #pick(): ByteString {
    const random = this.#random;
    const from = random.chance(1 / 2) ? this.#corpus : this.#pool;
    const input = random.pick(from);
    return input.length <= longInputBytes || random.chance(1 / 32)
      ? input
      : random.pick(from);
  }

  async #fail(input: ByteString, error: unknown): Promise<void> {
    const shrunk = await shrink(
      input,
      async (smaller) => await this.#faultOf(smaller) !== undefined,
    );
    const message = messageOf(await this.#faultOf(shrunk) ?? error);
    this.#failure = { input: shrunk, message, runs: this.#runs };
  }

  async #faultOf(input: ByteString): Promise<unknown> {
    try {
      await this.#target.check(input);
    } catch (error) {
      return error;
    }
    return undefined;
  }
}

/** The message of a fault; for an unexpected error also where it was thrown. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `${error}`;
  if (error.name === "Fault") return error.message;
  const [, where = ""] = error.stack?.match(/\n +(at .*)/) ?? [];
  return `${error.name}: ${error.message} ${where}`;
}
