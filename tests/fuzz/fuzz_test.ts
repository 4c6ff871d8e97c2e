import fc from "../fast_check.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { Program } from "../end_to_end/process.ts";
import { anySeed, assertProperty } from "../property.ts";
import { readCorpus } from "./corpus.ts";
import { Fuzzer } from "./fuzzer.ts";
import { plantedFaults } from "./planted_faults.ts";
import { shrink } from "./shrink.ts";
import { Fault, type Target } from "./target.ts";
import { targets } from "./targets.ts";

/**
 * Every planted fault must be found within this many inputs. The fault that is
 * hardest to find takes 55,000 on average, and takes more than this only once
 * in 10^7 searches.
 */
const maxRuns = 1_000_000;

for (const target of targets) {
  Deno.test(`no input of the corpus shows a fault of ${target.name}`, async () => {
    const corpus = readCorpus(target.name);
    assert(corpus.length >= 20, `${corpus.length} inputs`);
    for (const { input, name } of corpus) {
      try {
        await target.check(input);
      } catch (error) {
        throw new Error(`tests/fuzz/corpus/${target.name}/${name}`, {
          cause: error,
        });
      }
    }
  });
}

for (const { fault, from, target } of plantedFaults) {
  Deno.test(`the fuzzer finds the planted fault: ${fault}`, async () => {
    const corpus = readCorpus(target.name).filter(({ name }) => name === from);
    assertEquals(corpus.length, 1, from);
    const [{ input }] = corpus;
    // The first input of the search does not show the fault.
    await target.check(input);
    const search = fc.asyncProperty(anySeed, async (seed) => {
      const fuzzer = new Fuzzer(target, [input], seed);
      await fuzzer.run(maxRuns);
      assert(fuzzer.failure !== undefined, `not within ${maxRuns} inputs`);
    });
    await assertProperty(search, { numRuns: 1 });
  });
}

/** Runs the program; returns its exit status and its output. */
async function fuzz(
  ...args: string[]
): Promise<{ code: number; output: string }> {
  await using program = Program.start([
    "run",
    "--no-check",
    "--allow-read=.",
    "tests/fuzz/fuzz.ts",
    ...args,
  ]);
  const code = await program.ended();
  return { code, output: program.stdout + program.stderr };
}

Deno.test("the program runs every target, or the given one", async () => {
  const all = await fuzz("--runs", "50", "--seed", "7");
  assertEquals(all.code, 0, all.output);
  assertStringIncludes(all.output, "seed 7\n");
  for (const { name } of targets) {
    const end = /: 50 runs \(\d+\/s\), \d+ inputs kept, no fault found/;
    assert(new RegExp(`^${name}${end.source}$`, "m").test(all.output), name);
  }
  const one = await fuzz("--runs", "50", "--target", "lines");
  assertEquals(one.output.match(/no fault found/g)?.length, 1);
});

Deno.test("the program refuses invalid flags with a reason", async () => {
  const cases = [
    [["--target", "kiwi"], "--target: expected one of commands,"],
    [["--runs", "1", "--seconds", "1"], "--runs and --seconds exclude"],
    [["--seed", "-1"], "--seed: expected a whole number"],
    [["kiwi"], "fuzz takes only flags, found kiwi"],
  ] as const;
  for (const [args, message] of cases) {
    const { code, output } = await fuzz(...args);
    assertEquals(code, 2, output);
    assertStringIncludes(output, message);
  }
});

/** How close an input is to the toy's fault. */
function signatureOf(input: string): string {
  return [..."XYZ"].filter((byte) => input.includes(byte)).join("");
}

/** A target that records inputs, and fails for inputs with X, Y and Z. */
function createToy(): { target: Target; inputs: string[] } {
  const inputs: string[] = [];
  const target: Target = {
    name: "toy",
    tokens: ["kiwi", "pear"],
    check(input) {
      inputs.push(input);
      const signature = signatureOf(input);
      if (signature === "XYZ") throw new Fault("found XYZ");
      return signature;
    },
  };
  return { target, inputs };
}

/** Searches a toy; returns everything that the search did. */
async function search(seed: number) {
  const { inputs, target } = createToy();
  const fuzzer = new Fuzzer(target, ["one", "two"], seed);
  await fuzzer.run(maxRuns);
  const { failure, pool, runs } = fuzzer;
  return { failure, inputs, pool: [...pool], runs };
}

Deno.test({
  name: "the same seed gives the same search, and other seeds give others",
  permissions: "none",
  async fn() {
    const property = fc.asyncProperty(anySeed, anySeed, async (seed, other) => {
      fc.pre(seed !== other);
      const found = await search(seed);
      assertEquals(await search(seed), found);
      const { inputs } = await search(other);
      assert(inputs.join("\n") !== found.inputs.join("\n"));
    });
    await assertProperty(property, { numRuns: 5 });
  },
});

Deno.test({
  name:
    "a search keeps the shortest input of each signature, and shrinks the failure",
  permissions: "none",
  async fn() {
    const property = fc.asyncProperty(anySeed, async (seed) => {
      const { failure, inputs, pool, runs } = await search(seed);
      assertEquals(inputs.slice(0, 3), ["", "one", "two"]);
      assertEquals([...failure!.input].sort().join(""), "XYZ");
      assertEquals(failure!.message, "found XYZ");
      assertEquals(failure!.runs, runs);
      const shortest = new Map<string, string>();
      for (const input of inputs.slice(0, runs - 1)) {
        const signature = signatureOf(input);
        const known = shortest.get(signature);
        if (known === undefined || input.length < known.length) {
          shortest.set(signature, input);
        }
      }
      assertEquals(pool, [...shortest.values()]);
    });
    await assertProperty(property, { numRuns: 20 });
  },
});

Deno.test({
  name:
    "a search with the same seed and number of runs ends with the same failure",
  permissions: "none",
  async fn() {
    const property = fc.asyncProperty(anySeed, async (seed) => {
      const { failure, runs } = await search(seed);
      const { target } = createToy();
      const fuzzer = new Fuzzer(target, ["one", "two"], seed);
      await fuzzer.run(runs - 1);
      assertEquals(fuzzer.failure, undefined);
      await fuzzer.run(1);
      assertEquals(fuzzer.failure, failure);
    });
    await assertProperty(property, { numRuns: 20 });
  },
});

Deno.test({
  name: "an unexpected error is a fault too",
  permissions: "none",
  async fn() {
    const target: Target = {
      name: "toy",
      tokens: [],
      check: (input) => input.length < 8 ? "" : decodeURIComponent("%"),
    };
    const fuzzer = new Fuzzer(target, ["aaaaaaaaaa"], 1);
    await fuzzer.run(2);
    const { failure } = fuzzer;
    assertEquals(failure?.input, "aaaaaaaa");
    assert(/^URIError: .* at /.test(failure!.message), failure!.message);
  },
});

Deno.test({
  name: "shrink() removes or simplifies everything except the fault",
  permissions: "none",
  async fn() {
    const fails = (input: string) => /<[^<>]*>.*</.test(input);
    const input = "\0\xff".repeat(300) + "<key>\t</key>" +
      "\x80".repeat(65_000);
    assertEquals(await shrink(input, fails), "<><");
    const hasTwo = (text: string) => text.length === 2;
    assertEquals(await shrink("\x01\x02", hasTwo), "aa");
    assertEquals(await shrink("abc", (text) => text === "abc"), "abc");
  },
});
