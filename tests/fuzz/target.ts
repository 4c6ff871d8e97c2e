/**
 * What a fuzz target is: code of ours, and what must be true of it for every
 * input whatever.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";

/** Code under test and its properties. */
export interface Target {
  /** Its name on the command line, and its folder in the corpus. */
  readonly name: string;
  /** Words of its language, for the mutator to throw in. */
  readonly tokens: readonly ByteString[];
  /**
   * Runs one input. Does the same for the same input every time. Returns a
   * signature of how the code has taken it, such as the rule by which it was
   * refused: inputs with new ones are worth mutating further.
   *
   * @throws {Fault} If a property does not hold. Whatever else is thrown is a
   * fault, too: nothing here may crash.
   */
  readonly check: (input: ByteString) => string;
}

/** A property does not hold. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/**
 * Demands that two plain values are the same.
 *
 * @throws {Fault} Saying what was looked at.
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
 * Demands that two values, made of lists and plain objects, are the same when
 * printed.
 *
 * @throws {Fault} Saying what was looked at.
 */
export function demandAlike(
  what: string,
  actual: unknown,
  expected: unknown,
): void {
  demandSame(what, JSON.stringify(actual), JSON.stringify(expected));
}

/**
 * Demands something.
 *
 * @throws {Fault} Saying what.
 */
export function demand(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Fault(what);
}

/** Longest value shown in a fault, in characters. */
const maxShownLength = 200;

function show(value: unknown): string {
  const text = value === undefined ? "undefined" : JSON.stringify(value);
  return text.length <= maxShownLength
    ? text
    : `${text.slice(0, maxShownLength)}... (${text.length} characters)`;
}

/** A number by its order of magnitude, for signatures: 0, 1, 2-3, 4-7, ... */
export function magnitude(count: number): number {
  return 32 - Math.clz32(count);
}
