/**
 * Runs simulated herds with faults, and prints the results:
 * `deno task simulate --minutes 5`. Every run draws other herds. A seed always
 * gives the same herd with the same events. The plan of a herd that fails is
 * shrunk and written to the corpus, whose plans are tests.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  refusePositionals,
  UsageError,
  wholeNumber,
} from "../../cli/arguments.ts";
import { runProgram, SetupError, setupError } from "../../cli/exit.ts";
import { Progress } from "../../cli/progress.ts";
import {
  corpusFolder,
  fileNameOf,
  formatScenario,
  parseScenario,
} from "./corpus.ts";
import { describeCoverage, missedRows, sumCoverage } from "./coverage.ts";
import { drawPlan } from "./draw.ts";
import { runGuarded } from "./guard.ts";
import type { Plan } from "./plan.ts";
import { measureRedundancy } from "./redundancy.ts";
import type { Outcome } from "./run.ts";
import { Workers } from "./workers.ts";

const flags: Flags = {
  seeds: { value: "COUNT", help: "number of herds to run (1000)" },
  minutes: { value: "COUNT", help: "run herds for this many minutes" },
  "first-seed": {
    value: "NUMBER",
    help: "seed of the first herd; the others follow (random)",
  },
  "no-shrink": { help: "do not shrink the plans of failing herds" },
  seed: {
    value: "NUMBER",
    help: "run the herd of this seed, print its events",
  },
  plan: { value: "FILE", help: "run the herd of a plan, print its events" },
};

const help = `Runs simulated herds: the real servers, on a network that fails.

Usage: simulate [flags]

${describeFlags(flags)}`;

const defaultSeeds = 1_000;

/** Highest seed. The other test tools also take numbers of 31 bits. */
const maxSeed = 2 ** 31 - 1;

/** Most herds of a run, which take more than a week. */
const maxSeeds = 2 ** 24;

/** Longest run, in minutes: a week. */
const maxMinutes = 7 * 24 * 60;

/** Most failures that are printed; the others are only counted. */
const maxPrintedFailures = 20;

/** Most failures that are shrunk in a run; each takes up to a minute. */
const maxShrunk = 3;

/** The herds of a run. */
interface Range {
  readonly firstSeed: number;
  /** Most herds. */
  readonly seeds: number;
  /** Longest time, in milliseconds. */
  readonly ms: number;
}

async function simulate(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  refusePositionals(parsed, "simulate");
  refuseTogether(parsed, ["seeds", "minutes", "seed", "plan"]);
  refuseTogether(parsed, ["first-seed", "seed", "plan"]);
  const range = readRange(parsed);
  const seed = wholeNumber(parsed, "seed", 1, maxSeed);
  if (seed !== undefined) return await replay(`seed ${seed}`, drawPlan(seed));
  const file = parsed.flags.get("plan");
  if (file !== undefined) return await replay(file, readPlan(file));
  await runAll(range, !parsed.flags.has("no-shrink"));
}

function refuseTogether(
  { flags }: Arguments,
  names: readonly string[],
): void {
  const [one, other] = names.filter((name) => flags.has(name));
  if (other === undefined) return;
  throw new UsageError(`--${one} and --${other} exclude each other`);
}

function readRange(parsed: Arguments): Range {
  const minutes = wholeNumber(parsed, "minutes", 1, maxMinutes) ?? Infinity;
  const seeds = wholeNumber(parsed, "seeds", 1, maxSeeds) ??
    (minutes === Infinity ? defaultSeeds : maxSeeds);
  const maxFirstSeed = maxSeed - seeds + 1;
  const firstSeed = wholeNumber(parsed, "first-seed", 1, maxFirstSeed) ??
    1 + Math.floor(Math.random() * maxFirstSeed);
  return { firstSeed, seeds, ms: minutes * 60_000 };
}

function readPlan(file: string): Plan {
  try {
    return parseScenario(Deno.readTextFileSync(file)).plan;
  } catch (error) {
    throw setupError(`cannot read ${file}`, error);
  }
}

/** Runs one herd, and prints all of its events. */
async function replay(name: string, plan: Plan): Promise<void> {
  const outcome = await runGuarded(plan, console.log);
  const { convergedAfterMs, servers } = outcome;
  for (const { detail, rule } of outcome.violations) {
    console.log(`${rule}: ${detail}`);
  }
  console.log(
    `${name}: ${servers} servers, ${outcome.reports} reports, ` +
      (convergedAfterMs === undefined
        ? "no convergence"
        : `converged ${convergedAfterMs} ms after healing`),
  );
  if (outcome.violations.length > 0) throw new SetupError("the herd failed");
}

async function runAll(range: Range, shouldShrink: boolean): Promise<void> {
  using workers = new Workers();
  const { firstSeed } = range;
  console.log(`first seed ${firstSeed}`);
  const startedMs = performance.now();
  const outcomes = await runRange(range, workers);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const seeds = outcomes.length;
  const failures = outcomes.filter(({ violations }) => violations.length > 0);
  const diverged = outcomes.filter(({ convergedAfterMs }) =>
    convergedAfterMs === undefined
  );
  console.log(
    `${seeds} herds of 2 to 30 servers, seeds ${firstSeed} to ` +
      `${firstSeed + seeds - 1}, in ${seconds} s: ` +
      `${sum(outcomes, "reports")} reports, ${sum(outcomes, "events")} events`,
  );
  console.log(
    `  again: deno task simulate --first-seed ${firstSeed} --seeds ${seeds}`,
  );
  console.log(`divergences: ${diverged.length}`);
  console.log(
    `rules broken otherwise: ${failures.length - diverged.length}`,
  );
  console.log(
    "time to converge after healing, in virtual ms: " +
      describeTimes(outcomes.filter(({ hasExpiry }) => !hasExpiry)),
  );
  console.log(
    "  in herds with expiry: " +
      describeTimes(outcomes.filter(({ hasExpiry }) => hasExpiry)),
  );
  const coverage = sumCoverage(outcomes.map(({ coverage }) => coverage));
  console.log(describeCoverage(coverage));
  const missed = missedRows(coverage, seeds);
  for (const row of missed) console.log(`did not occur: ${row}`);
  if (failures.length > 0) {
    if (shouldShrink) await shrinkSome(failures, workers);
    throw new SetupError(`${failures.length} of ${seeds} herds failed`);
  }
  if (missed.length > 0) {
    throw new SetupError(`${missed.length} rows of the coverage are empty`);
  }
  await printRedundancy();
}

/** Runs herds on all processors, up to the limits of the range. */
async function runRange(range: Range, workers: Workers): Promise<Outcome[]> {
  const { ms, seeds } = range;
  const outcomes: Outcome[] = [];
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  function* drawSeeds() {
    for (let index = 0; index < seeds && elapsedMs() < ms; index++) {
      yield range.firstSeed + index;
    }
  }
  const isTimed = ms < Infinity;
  using progress = new Progress({
    label: "simulated herds",
    total: isTimed ? ms : seeds,
  });
  let printedFailures = 0;
  await workers.run(drawSeeds(), (outcome) => {
    outcomes.push(outcome);
    const count = outcomes.length;
    if (isTimed) progress.update(elapsedMs(), `${count}`);
    else progress.update(count, `${count} of ${seeds}`);
    if (outcome.violations.length === 0) return;
    if (printedFailures++ < maxPrintedFailures) {
      printFailure(outcome, progress);
    }
  });
  return outcomes;
}

function printFailure(
  { seed, violations }: Outcome,
  progress: Progress,
): void {
  const [{ detail, rule }] = violations;
  progress.printLine(`seed ${seed}: ${rule}: ${detail}`);
  progress.printLine(`  again: deno task simulate --seed ${seed}`);
}

/**
 * Shrinks the plans of some failing herds, one for each broken rule, and writes
 * them to the corpus.
 */
async function shrinkSome(
  failures: readonly Outcome[],
  workers: Workers,
): Promise<void> {
  const byRule = new Map<string, number>();
  for (const { seed, violations: [{ rule }] } of failures) {
    if (!byRule.has(rule)) byRule.set(rule, seed);
  }
  const chosen = [...byRule].slice(0, maxShrunk)
    .map(([brokenRule, seed]) => ({ brokenRule, seed }));
  using progress = new Progress({
    label: "failing herds shrunk",
    total: chosen.length,
  });
  let count = 0;
  await workers.shrink(chosen.values(), (plan, { brokenRule, seed }) => {
    progress.update(++count);
    const { faults, reports, servers } = plan;
    progress.printLine(
      `seed ${seed}, shrunk: servers: ${servers.length}, ` +
        `reports: ${reports.length}, faults: ${faults.length}; ` +
        `written to ${writePlan(plan, brokenRule)}`,
    );
  });
}

/** Writes a plan to the corpus. Returns its path. */
function writePlan(plan: Plan, rule: string): string {
  const name = fileNameOf(rule, plan);
  const path = `tests/simulation/corpus/${name}`;
  const about = `Seed ${plan.seed}, shrunk, broke this rule: ${rule}.`;
  try {
    Deno.writeTextFileSync(
      new URL(name, corpusFolder),
      formatScenario({ about, plan }),
    );
  } catch (error) {
    throw setupError(`cannot write ${path}`, error);
  }
  return path;
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

async function printRedundancy(): Promise<void> {
  for (const reportsPerSecond of [100, 1_000, 10_000]) {
    const result = await measureRedundancy(1, 2_000, 1_000 / reportsPerSecond);
    const { crossings, floodedCrossings, ids, leastCrossings } = result;
    console.log(
      `transmissions of a report in the default herd, at ` +
        `${reportsPerSecond} reports/s: ${crossings.toFixed(2)} ` +
        `(by plain flooding ${floodedCrossings}, at least ` +
        `${leastCrossings}), and ${ids.toFixed(2)} report IDs`,
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
