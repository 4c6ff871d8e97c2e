/**
 * Looks for faults in a target: runs its corpus, then inputs made of it by
 * chance. Nothing here can see which lines of the code an input has reached. So
 * the target says of each input how the code has taken it, in a few words: the
 * signature. The shortest input of each signature is kept and mutated further,
 * which leads step by step to inputs that pass many rules at once. Every other
 * input is made of the corpus itself, as most that is kept breaks some rule
 * early. The same seed and corpus give the same inputs, every time.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { Random } from "../../runtime/random.ts";
import { Mutator } from "./mutator.ts";
import { shrink } from "./shrink.ts";
import type { Target } from "./target.ts";

/** What went wrong. */
export interface Failure {
  /** The input, made as small as could be. */
  readonly input: ByteString;
  /** What does not hold. */
  readonly message: string;
  /** How many inputs it took to find it. */
  readonly runs: number;
}

/** Inputs longer than this, in bytes, are slow, and so taken less often. */
const longInputBytes = 1024;

/** The search for a fault in one target. */
export class Fuzzer {
  readonly #target: Target;
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #corpus: readonly ByteString[];
  /** The shortest input of each signature. */
  readonly #pool: ByteString[] = [];
  /** Where in the pool the input of a signature is. */
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

  /** What is mutated at the moment, besides the corpus. */
  get pool(): readonly ByteString[] {
    return this.#pool;
  }

  /** The first fault that was found: the search ends with it. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Runs so many inputs, or fewer if one of them shows a fault. */
  run(count: number): void {
    for (let left = count; left > 0 && !this.#failure; left--) this.#runOne();
  }

  #runOne(): void {
    const input = this.#runs < this.#corpus.length
      ? this.#corpus[this.#runs]
      : this.#mutator.mutate(this.#pick(), this.#pick());
    this.#runs += 1;
    let signature: string;
    try {
      signature = this.#target.check(input);
    } catch (error) {
      this.#fail(input, error);
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

  #fail(input: ByteString, error: unknown): void {
    const small = shrink(
      input,
      (smaller) => this.#faultOf(smaller) !== undefined,
    );
    const message = messageOf(this.#faultOf(small) ?? error);
    this.#failure = { input: small, message, runs: this.#runs };
  }

  #faultOf(input: ByteString): unknown {
    try {
      this.#target.check(input);
    } catch (error) {
      return error;
    }
    return undefined;
  }
}

/** A fault's message; of what nobody expected, where it was thrown, too. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `${error}`;
  if (error.name === "Fault") return error.message;
  const [, where = ""] = error.stack?.match(/\n +(at .*)/) ?? [];
  return `${error.name}: ${error.message} ${where}`;
}
