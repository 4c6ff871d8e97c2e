/**
 * Runs herds in a world where everything goes wrong, and says what became of
 * them: `deno task simulate --seeds 10000`. The same seed is the same herd with
 * the same fate, every time.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  refuseWords,
  wholeNumber,
} from "../../cli/arguments.ts";
import { runProgram, SetupError } from "../../cli/exit.ts";
import { Progress } from "../../terminal/progress.ts";
import { measureRedundancy } from "./redundancy.ts";
import { type Outcome, runSeed } from "./run.ts";
import type { Share } from "./worker.ts";

const flags: Flags = {
  seeds: { value: "COUNT", help: "how many herds to run (1000)" },
  seed: { value: "NUMBER", help: "run this one, and tell what happens in it" },
};

const help = `Runs simulated herds: the real servers, on a network that fails.

Usage: simulate [flags]

${describeFlags(flags)}`;

const defaultSeeds = 1_000;
const maxSeed = 2 ** 31;

/** Failures told one by one before the rest is only counted. */
const maxFailuresTold = 20;

async function simulate(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  refuseWords(parsed, "simulate");
  const seed = wholeNumber(parsed, "seed", 1, maxSeed);
  if (seed !== undefined) return await replay(seed);
  await runAll(wholeNumber(parsed, "seeds", 1, maxSeed) ?? defaultSeeds);
}

/** Runs one herd, and tells every event of it. */
async function replay(seed: number): Promise<void> {
  const outcome = await runSeed(seed, console.log);
  const { convergedAfterMs, servers } = outcome;
  for (const { detail, rule } of outcome.violations) {
    console.log(`${rule}: ${detail}`);
  }
  console.log(
    `seed ${seed}: ${servers} servers, ${outcome.reports} reports, ` +
      (convergedAfterMs === undefined
        ? "no convergence"
        : `converged ${convergedAfterMs} ms after healing`),
  );
  if (outcome.violations.length > 0) throw new SetupError("the herd failed");
}

async function runAll(seeds: number): Promise<void> {
  const startedMs = performance.now();
  const outcomes = await runShares(seeds);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const failures = outcomes.filter(({ violations }) => violations.length > 0);
  const diverged = outcomes.filter(({ convergedAfterMs }) =>
    convergedAfterMs === undefined
  );
  console.log(
    `${seeds} herds of 2 to 30 servers, seeds 1 to ${seeds}, in ${seconds} s: ` +
      `${sum(outcomes, "reports")} reports, ${sum(outcomes, "events")} events`,
  );
  console.log(`divergences: ${diverged.length}`);
  console.log(
    `rules broken otherwise: ${failures.length - diverged.length}`,
  );
  console.log(
    "time to converge after healing, in virtual ms: " +
      describeTimes(outcomes.filter(({ isForgetful }) => !isForgetful)),
  );
  console.log(
    "  where servers forget clients: " +
      describeTimes(outcomes.filter(({ isForgetful }) => isForgetful)),
  );
  await tellRedundancy();
  if (failures.length > 0) {
    throw new SetupError(`${failures.length} of ${seeds} herds failed`);
  }
}

/** Runs the seeds from 1 on, on all processors. */
async function runShares(seeds: number): Promise<Outcome[]> {
  const workers = Math.min(navigator.hardwareConcurrency, seeds);
  const outcomes: Outcome[] = [];
  using progress = new Progress({ label: "simulated herds", total: seeds });
  const shares = Array.from({ length: workers }, (_, index) => {
    const share = { first: index + 1, last: seeds, step: workers };
    return runShare(share, (outcome) => {
      outcomes.push(outcome);
      progress.update(outcomes.length, `${outcomes.length} of ${seeds}`);
      tellFailure(outcome, progress);
    });
  });
  await Promise.all(shares);
  return outcomes;
}

let failuresTold = 0;

function tellFailure(
  { seed, violations }: Outcome,
  progress: Progress,
): void {
  if (violations.length === 0 || failuresTold++ >= maxFailuresTold) return;
  const [{ detail, rule }] = violations;
  progress.say(`seed ${seed}: ${rule}: ${detail}`);
  progress.say(`  again: deno task simulate --seed ${seed}`);
}

function runShare(
  share: Share,
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  const count = Math.ceil((share.last - share.first + 1) / share.step);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
  });
  return new Promise((resolve, reject) => {
    let left = count;
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => {
      onOutcome(data);
      left -= 1;
      if (left === 0) resolve();
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(share);
  });
}

function describeTimes(outcomes: readonly Outcome[]): string {
  const times = outcomes
    .map(({ convergedAfterMs }) => convergedAfterMs)
    .filter((time) => time !== undefined)
    .sort((one, other) => one - other);
  if (times.length === 0) return "no such herd";
  const at = (part: number) => times[Math.floor((times.length - 1) * part)];
  return `half of the herds ${at(0.5)}, 99 % ${at(0.99)}, all ${at(1)}`;
}

async function tellRedundancy(): Promise<void> {
  for (const reportsPerSecond of [100, 1_000, 10_000]) {
    const result = await measureRedundancy(1, 2_000, 1_000 / reportsPerSecond);
    const { crossings, floodedCrossings, leastCrossings, marks } = result;
    console.log(
      `links that a report crosses in the default herd, at ` +
        `${reportsPerSecond} reports/s: ${crossings.toFixed(2)} ` +
        `(flooded ${floodedCrossings}, least ${leastCrossings}), ` +
        `and ${marks.toFixed(2)} fingerprints`,
    );
  }
}

function sum(
  outcomes: readonly Outcome[],
  key: "reports" | "events",
): string {
  return outcomes.reduce((total, outcome) => total + outcome[key], 0)
    .toLocaleString("en");
}

if (import.meta.main) {
  await runProgram("simulate", () => simulate(Deno.args));
}
