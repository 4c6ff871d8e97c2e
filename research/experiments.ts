/**
 * Measures everything that docs/PERFORMANCE.md and the paper show: `deno task
 * experiments`. It takes about half an hour; `--rounds 1 --seconds 1` takes some
 * five minutes.
 *
 * @module
 */
import { runSuite, type Suite } from "../bench/bench.ts";
import type { Context, Measure } from "../bench/measure.ts";
import { convergence } from "../bench/measures/convergence.ts";
import { herdOfFive } from "../bench/measures/herd_of_five.ts";
import { hostile } from "../bench/measures/hostile.ts";
import { memory } from "../bench/measures/memory.ts";
import { places } from "../bench/measures/places.ts";
import { propagation } from "../bench/measures/propagation.ts";
import { startUp } from "../bench/measures/start_up.ts";
import { redis } from "../bench/programs.ts";
import { echo, generator, herd, redisGeo } from "../bench/subjects.ts";
import { runProgram } from "../cli/exit.ts";
import { languages } from "./checkers/languages.ts";
import { measureSimulations } from "./herds/convergence.ts";
import { code } from "./measures/code.ts";
import { growth } from "./measures/growth.ts";
import { herdSizes } from "./measures/herd_sizes.ts";
import { mistakesOf } from "./measures/mistakes.ts";
import { pauses } from "./measures/pauses.ts";
import { measureRivalMemory, measureRivalStarts } from "./measures/rivals.ts";
import { slices } from "./measures/slices.ts";
import { threads } from "./measures/threads.ts";
import { measureNats } from "./nats/servers.ts";
import { requirements } from "./programs.ts";
import { asyncio, java, node, uvloop } from "./subjects.ts";

/** A measure of the product that takes more samples afterwards. */
const extended = (
  { name, run }: Measure,
  more: (context: Context) => Promise<void>,
): Measure => ({
  name,
  async run(context) {
    await run(context);
    await more(context);
  },
});

const suite: Suite = {
  name: "experiments",
  measures: [
    herdOfFive,
    herdSizes,
    extended(propagation, measureNats),
    extended(memory, measureRivalMemory),
    pauses,
    slices,
    threads,
    places,
    extended(startUp, measureRivalStarts),
    extended(convergence, measureSimulations),
    hostile,
    growth,
    code,
    mistakesOf(languages),
  ],
  subjects: [herd, echo, redisGeo, node, asyncio, uvloop, java, generator],
  requirements: [redis, ...Object.values(requirements)],
};

if (import.meta.main) {
  await runProgram("experiments", () => runSuite(suite, Deno.args));
}
