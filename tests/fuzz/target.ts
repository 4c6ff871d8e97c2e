/**
 * Fuzz targets: code under test, and the properties that must hold for every
 * input.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";

/** Code under test and its properties. */
export interface Target {
  /** Its name on the command line, and its folder in the corpus. */
  readonly name: string;
  /** Tokens of its language, which the mutator inserts. */
  readonly tokens: readonly ByteString[];
  /**
   * Runs one input. The result must depend only on the input. Returns a
   * signature of how the code processed it, such as the rule by which it was
   * refused. Inputs with new signatures are mutated further.
   *
   * @returns The signature, or a promise of it for code with promises.
   * @throws {Fault} If a property does not hold. Any other error is a fault
   * too.
   */
  readonly check: (input: ByteString) => string | Promise<string>;
}

/** The error for a property that does not hold. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/**
 * Asserts that two plain values are equal.
 *
 * @throws {Fault} If they differ. Contains `what`.
 */
export function demandSame<Value extends string | number | boolean | undefined>(
  what: string,
  actual: Value,
  expected: Value,
): void {
  if (actual === expected) return;
  throw new Fault(`${what}: expected ${show(expected)}, found ${show(actual)}`);
}

/**
 * Asserts that two values of lists and plain objects are equal when printed.
 *
 * @throws {Fault} If they differ. Contains `what`.
 */
export function demandAlike(
  what: string,
  actual: unknown,
  expected: unknown,
): void {
  demandSame(what, JSON.stringify(actual), JSON.stringify(expected));
}

/**
 * Asserts a condition.
 *
 * @throws {Fault} If it is false. Contains `what`.
 */
export function demand(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Fault(what);
}

/** Longest value that is shown whole in a fault, in characters. */
const maxShownLength = 200;

function show(value: unknown): string {
  const text = value === undefined ? "undefined" : JSON.stringify(value);
  return text.length <= maxShownLength
    ? text
    : `${text.slice(0, maxShownLength)}... (${text.length} characters)`;
}

/** The magnitude of a number, for signatures: equal for 0, 1, 2-3, 4-7, ... */
export function magnitude(count: number): number {
  return 32 - Math.clz32(count);
}
