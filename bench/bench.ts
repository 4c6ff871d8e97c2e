/**
 * Measures the herd beside its rivals: `deno task bench`. It takes about half
 * an hour; `--rounds 1 --seconds 1` takes some five minutes.
 *
 * It needs all permissions. Deno reads nothing in /proc without, and that is
 * where the kernel says what a process costs; and who may run `deno` and
 * `taskset` may do everything anyway.
 *
 * @module
 */
import { runProgram, SetupError } from "../cli/exit.ts";
import { languages } from "../research/checkers/languages.ts";
import { code } from "../research/measures/code.ts";
import { mistakesOf } from "../research/measures/mistakes.ts";
import { pauses } from "../research/measures/pauses.ts";
import { slices } from "../research/measures/slices.ts";
import { threads } from "../research/measures/threads.ts";
import type { Measure } from "./context.ts";
import { thisMachine } from "./machine.ts";
import { convergence } from "./measures/convergence.ts";
import { growth } from "../research/measures/growth.ts";
import { herdOfFive } from "./measures/herd_of_five.ts";
import { herdSizes } from "../research/measures/herd_sizes.ts";
import { memory } from "./measures/memory.ts";
import { places } from "./measures/places.ts";
import { propagation } from "./measures/propagation.ts";
import { startUp } from "./measures/start_up.ts";
import { updatesOf } from "./measures/updates.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { assignCores } from "./processes.ts";
import { installedVersions } from "./programs.ts";
import { Recorder, Stopped } from "./recorder.ts";
import type { Results } from "./results.ts";
import { formatResults } from "./results_file.ts";
import { subjects } from "./subjects.ts";
import { summarize } from "./summary.ts";

/**
 * Where servers write while they are measured: a gigabyte now and then. Not
 * /tmp, which is kept in memory on many machines.
 */
const temporaryFolder = "/var/tmp";

/** What there is to measure, of these subjects. */
function measuresOf(subjectNames: readonly string[]): readonly Measure[] {
  const chosen = subjects.filter(({ id }) => subjectNames.includes(id));
  return [
    updatesOf(chosen),
    herdOfFive,
    herdSizes,
    propagation,
    memory,
    pauses,
    slices,
    threads,
    places,
    startUp,
    convergence,
    growth,
    code,
    mistakesOf(languages),
  ];
}

const choices = {
  measures: measuresOf([]).map(({ name }) => name),
  subjects: subjects.map(({ id }) => id),
};

/** What a signal that comes while children end is given to be noticed, in ms. */
const signalMs = 100;

/** A run of the bench. */
class Bench {
  readonly #options: Options;
  readonly #startedAt: Date;
  readonly #recorder: Recorder;
  readonly #cores = assignCores();
  readonly #failed = new Set<string>();

  constructor(options: Options, startedAt: Date) {
    this.#options = options;
    this.#startedAt = startedAt;
    this.#recorder = new Recorder(options.rounds, console.error);
  }

  /** Measures, writes after each round, and prints what came of it. */
  async run(): Promise<void> {
    this.#stopOnSignals();
    const { output, rounds } = this.#options;
    let done = 0;
    try {
      while (done < rounds) {
        const startMs = performance.now();
        await this.#runRound(done + 1);
        done += 1;
        await this.#write(this.#resultsOf(done));
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
    const chosen = measuresOf(this.#options.subjects).filter(({ name }) =>
      this.#options.measures.includes(name)
    );
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

  /** One that fails does not keep the others from being measured. */
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
      // Ctrl-C ends the children too, and they may be quicker.
      await new Promise((resolve) => setTimeout(resolve, signalMs));
      recorder.throwIfStopped();
      this.#failed.add(measure.name);
      const reason = error instanceof Error ? error.message : String(error);
      context.missing("herd", `failed: ${reason}`);
    }
  }

  /** Whatever is measured then is ended in order, and nothing is begun. */
  #stopOnSignals(): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => this.#recorder.stop(signal));
    }
  }

  #resultsOf(rounds: number): Results {
    return {
      version: 1,
      startedAt: this.#startedAt.toISOString(),
      machine: thisMachine(this.#cores.description),
      versions: installedVersions(),
      rounds,
      secondsAPoint: this.#options.secondsAPoint,
      samples: this.#recorder.samplesUpTo(rounds),
      missing: this.#recorder.missing,
    };
  }

  async #write(results: Results): Promise<void> {
    await Deno.writeTextFile(this.#options.output, formatResults(results));
  }
}

/** Finds out before the bench whether there is a place for what comes of it. */
async function prepareOutput(path: string): Promise<void> {
  try {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (folder !== "") await Deno.mkdir(folder, { recursive: true });
    const isNew = await createIfNew(path);
    (await Deno.open(path, { append: true })).close();
    // Nobody shall find a file of results without results.
    if (isNew) await Deno.remove(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SetupError(`cannot write ${path}: ${why}`);
  }
}

async function createIfNew(path: string): Promise<boolean> {
  try {
    (await Deno.open(path, { createNew: true, write: true })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function bench(args: readonly string[]): Promise<void> {
  const startedAt = new Date();
  const options = readOptions(args, choices, startedAt);
  if (options === undefined) return console.log(helpText(choices));
  if (Deno.build.os !== "linux") {
    throw new SetupError(
      "it runs on Linux only: what a process costs is read from /proc, and " +
        "taskset keeps processes on their cores",
    );
  }
  await prepareOutput(options.output);
  await new Bench(options, startedAt).run();
}

if (import.meta.main) {
  await runProgram("bench", () => bench(Deno.args));
}
