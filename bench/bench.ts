/**
 * Measures the product: `deno task bench`. `research/experiments.ts` runs these
 * measures and more.
 *
 * It needs all permissions: Deno reads nothing in /proc without them.
 *
 * @module
 */
import { runProgram, SetupError } from "../cli/exit.ts";
import { thisMachine } from "./machine.ts";
import { type Measure, Recorder, Stopped } from "./measure.ts";
import { convergence } from "./measures/convergence.ts";
import { herdOfFive } from "./measures/herd_of_five.ts";
import { hostile } from "./measures/hostile.ts";
import { memory } from "./measures/memory.ts";
import { places } from "./measures/places.ts";
import { propagation } from "./measures/propagation.ts";
import { startUp } from "./measures/start_up.ts";
import { updatesOf } from "./measures/updates.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { assignCores } from "./processes.ts";
import { installedVersions, redis, type Requirement } from "./programs.ts";
import { formatResults, type Results } from "./results.ts";
import { echo, generator, herd, redisGeo, type Subject } from "./subjects.ts";
import { summarize } from "./summary.ts";

/** The measures that a program runs in rounds. */
export interface Suite {
  /** The name of the program. */
  readonly name: string;
  /** The measures beside `updates`, in the order in which they run. */
  readonly measures: readonly Measure[];
  /** The subjects of the measure `updates`. */
  readonly subjects: readonly Subject[];
  /** The programs whose versions are in the results. */
  readonly requirements: readonly Requirement[];
}

/** The measures of the product. */
const productSuite: Suite = {
  name: "bench",
  measures: [
    herdOfFive,
    propagation,
    memory,
    places,
    startUp,
    convergence,
    hostile,
  ],
  subjects: [herd, echo, redisGeo, generator],
  requirements: [redis],
};

/**
 * Where servers write while they are measured, up to gigabytes. Not /tmp, which
 * many machines keep in memory.
 */
const temporaryFolder = "/var/tmp";

/** How long a signal may take to arrive after it has ended a child, in ms. */
const signalMs = 100;

/** One run of a suite. */
class Run {
  readonly #suite: Suite;
  readonly #options: Options;
  readonly #startedAt: Date;
  readonly #recorder: Recorder;
  readonly #cores = assignCores();
  readonly #failed = new Set<string>();

  constructor(suite: Suite, options: Options, startedAt: Date) {
    this.#suite = suite;
    this.#options = options;
    this.#startedAt = startedAt;
    this.#recorder = new Recorder(options.rounds, console.error);
  }

  /** Runs all rounds, writes the results after each, and prints a summary. */
  async run(): Promise<void> {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => this.#recorder.stop(signal));
    }
    const { output, rounds } = this.#options;
    let done = 0;
    try {
      while (done < rounds) {
        const startMs = performance.now();
        await this.#runRound(done + 1);
        done += 1;
        await Deno.writeTextFile(output, formatResults(this.#resultsOf(done)));
        const seconds = Math.round((performance.now() - startMs) / 1000);
        console.error(`round ${done} of ${rounds} took ${seconds} s`);
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      const kept = done > 0 ? `: ${done} of ${rounds} rounds in ${output}` : "";
      throw new SetupError(`stopped by ${error.message}${kept}`);
    }
    console.log(`${summarize(this.#resultsOf(done))}\n\n${output}`);
    if (this.#failed.size > 0) {
      throw new SetupError(`not measured: ${[...this.#failed].join(", ")}`);
    }
  }

  async #runRound(round: number): Promise<void> {
    const { measures, subjects } = this.#options;
    const chosen = [
      updatesOf(this.#suite.subjects.filter(({ id }) => subjects.includes(id))),
      ...this.#suite.measures,
    ].filter(({ name }) => measures.includes(name));
    for (const measure of chosen) {
      const folder = await Deno.makeTempDir({
        dir: temporaryFolder,
        prefix: "herd-bench-",
      });
      try {
        await this.#runMeasure(measure, round, folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    }
  }

  /** The other measures still run after one that fails. */
  async #runMeasure(
    measure: Measure,
    round: number,
    folder: string,
  ): Promise<void> {
    const recorder = this.#recorder;
    recorder.throwIfStopped();
    const context = recorder.contextFor(measure, {
      cores: this.#cores,
      round,
      secondsAPoint: this.#options.secondsAPoint,
      folder,
    });
    try {
      await measure.run(context);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      // Ctrl-C ends the children too, perhaps before its listener is called.
      await new Promise((resolve) => setTimeout(resolve, signalMs));
      recorder.throwIfStopped();
      this.#failed.add(measure.name);
      const reason = error instanceof Error ? error.message : String(error);
      context.missing("herd", `failed: ${reason}`);
    }
  }

  #resultsOf(rounds: number): Results {
    return {
      version: 1,
      startedAt: this.#startedAt.toISOString(),
      machine: thisMachine(this.#cores.description),
      versions: installedVersions(this.#suite.requirements),
      rounds,
      secondsAPoint: this.#options.secondsAPoint,
      samples: this.#recorder.samplesUpTo(rounds),
      missing: this.#recorder.missing,
    };
  }
}

/** Makes sure before a run that its results can be written. */
async function prepareOutput(path: string): Promise<void> {
  try {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (folder !== "") await Deno.mkdir(folder, { recursive: true });
    const file = await Deno.open(path, { append: true, create: true });
    const { size } = await file.stat();
    file.close();
    // A run that is stopped early leaves no empty file.
    if (size === 0) await Deno.remove(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(`cannot write ${path}: ${reason}`);
  }
}

/** Runs a suite with the flags of the command line. */
export async function runSuite(
  suite: Suite,
  args: readonly string[],
): Promise<void> {
  const startedAt = new Date();
  const choices = {
    measures: [updatesOf([]), ...suite.measures].map(({ name }) => name),
    subjects: suite.subjects.map(({ id }) => id),
  };
  const options = readOptions(args, choices, startedAt);
  if (options === undefined) {
    return console.log(helpText(suite.name, choices));
  }
  if (Deno.build.os !== "linux") {
    throw new SetupError(
      "it runs on Linux only, because it needs /proc and taskset",
    );
  }
  await prepareOutput(options.output);
  await new Run(suite, options, startedAt).run();
}

if (import.meta.main) {
  await runProgram("bench", () => runSuite(productSuite, Deno.args));
}
