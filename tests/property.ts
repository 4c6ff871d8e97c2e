/**
 * Property tests: a property that must hold for all inputs of a kind is tried
 * with random inputs. Each run has a new seed. A failure prints its seed, and
 * `HERD_TEST_SEED` repeats the same inputs.
 *
 * @module
 */
import fc from "./fast_check.ts";

const seedVariable = "HERD_TEST_SEED";

/** Largest seed. fast-check accepts signed integers of 32 bits. */
const maxSeed = 2 ** 31 - 1;

// Read at the start, as a test without permissions cannot read it.
const givenSeed = parseSeed(Deno.env.get(seedVariable));

/**
 * A seed for `Random`. It is not shrunk, and small numbers are not preferred,
 * because a smaller seed is not simpler.
 */
export const anySeed: fc.Arbitrary<number> = fc.noBias(
  fc.noShrink(fc.integer({ min: 1, max: maxSeed })),
);

/**
 * Tries a property with inputs from a new seed, or from `HERD_TEST_SEED`. All
 * property tests must use this function.
 *
 * @param parameters `numRuns`: the number of inputs, by default 100.
 * `examples`: inputs that are tried in every run, such as those that once
 * showed a fault.
 * @param file The test file to name in a failure; by default the calling file.
 */
export function assertProperty<Inputs>(
  property: fc.IAsyncProperty<Inputs>,
  parameters?: fc.Parameters<Inputs>,
  file?: string,
): Promise<void>;
export function assertProperty<Inputs>(
  property: fc.IProperty<Inputs>,
  parameters?: fc.Parameters<Inputs>,
  file?: string,
): void;
export function assertProperty<Inputs>(
  property: fc.IRawProperty<Inputs>,
  parameters: fc.Parameters<Inputs> = {},
  file = callingFile(),
): Promise<void> | void {
  const result = fc.check(property, {
    ...parameters,
    seed: givenSeed ?? 1 + Math.floor(Math.random() * maxSeed),
  });
  return result instanceof Promise
    ? result.then((details) => demandSuccess(details, file))
    : demandSuccess(result, file);
}

/** @throws {Error} If the text is not a seed. */
function parseSeed(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed >= 1 && seed <= maxSeed) return seed;
  throw new Error(
    `${seedVariable}: expected a whole number from 1 to ${maxSeed}, ` +
      `found ${text}`,
  );
}

function demandSuccess<Inputs>(
  details: fc.RunDetails<Inputs>,
  file: string,
): void {
  if (!details.failed) return;
  const { counterexample, counterexamplePath, errorInstance, seed } = details;
  const found = counterexample === null
    ? `the property rejects too many inputs\nseed ${seed}`
    : `the property does not hold for ${fc.stringify(counterexample)}\n` +
      `seed ${seed}, path ${counterexamplePath}`;
  throw new Error(
    `${found}\nagain: ${seedVariable}=${seed} deno test -P --frozen --config tests/deno.json ${file}`,
    { cause: errorInstance ?? undefined },
  );
}

/** The file of the running test, as a path from the project's folder. */
export function callingFile(): string {
  const folder = new URL("../", import.meta.url).href;
  const lines = new Error().stack!.split("\n");
  const outermost = lines.findLast((line) => line.includes(folder))!;
  return outermost.split(folder)[1].replace(/(:\d+)+\)?$/, "");
}
