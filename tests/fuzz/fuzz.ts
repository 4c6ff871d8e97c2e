/**
 * Runs the fuzzer on all readers of foreign input: `deno task fuzz --seconds
 * 60`. Every run has a new seed; the same seed and corpus give the same inputs.
 * An input that shows a fault is shrunk and written into the corpus. Then the
 * tests fail until the fault is mended.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  refusePositionals,
  UsageError,
  wholeNumber,
} from "../../cli/arguments.ts";
import { runProgram, SetupError } from "../../cli/exit.ts";
import { escapeBytes } from "../../log/escape.ts";
import {
  fingerprint,
  formatFingerprint,
} from "../../peers/store/fingerprint.ts";
import { bytesOfText, encodeBytes, textOfBytes } from "../../protocol/bytes.ts";
import { readCorpus, seedUrl } from "./corpus.ts";
import { type Failure, Fuzzer } from "./fuzzer.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets.ts";

const targetNames = targets.map(({ name }) => name).join(", ");

const flags: Flags = {
  seconds: { value: "COUNT", help: "duration for all targets together (60)" },
  runs: {
    value: "COUNT",
    help: "number of inputs for each target, without a limit on time",
  },
  seed: { value: "NUMBER", help: "the seed of the random inputs (a new one)" },
  target: { value: "NAME", help: `run only one target: ${targetNames}` },
};

const help = `Feeds unusual input to all readers of foreign input.

Usage: fuzz [flags]

${describeFlags(flags)}`;

const defaultSeconds = 60;
const maxNumber = 2 ** 31;

/** How many inputs run between two checks of the time. */
const runsAtATime = 64;

/** Longest input that is printed whole, in bytes. */
const maxShownBytes = 1_000;

/** When the search in a target ends. */
interface Limit {
  /** Most inputs, including those of the corpus. */
  readonly runs: number;
  /** Longest time, in milliseconds. */
  readonly ms: number;
}

async function fuzz(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  refusePositionals(parsed, "fuzz");
  const chosen = chooseTargets(parsed.flags.get("target"));
  const runs = wholeNumber(parsed, "runs", 1, maxNumber);
  const seconds = wholeNumber(parsed, "seconds", 1, maxNumber);
  if (runs !== undefined && seconds !== undefined) {
    throw new UsageError("--runs and --seconds exclude each other");
  }
  const seed = wholeNumber(parsed, "seed", 1, maxNumber) ??
    1 + Math.floor(Math.random() * maxNumber);
  console.log(`seed ${seed}`);
  const limit = {
    runs: runs ?? Infinity,
    ms: runs === undefined
      ? (seconds ?? defaultSeconds) * 1000 / chosen.length
      : Infinity,
  };
  const failed: Target[] = [];
  for (const target of chosen) {
    if (!await fuzzTarget(target, seed, limit)) failed.push(target);
  }
  if (failed.length > 0) {
    const names = failed.map(({ name }) => name).join(", ");
    throw new SetupError(`faults found in ${names}`);
  }
}

function chooseTargets(name: string | undefined): readonly Target[] {
  if (name === undefined) return targets;
  const target = targets.find((target) => target.name === name);
  if (target !== undefined) return [target];
  throw new UsageError(
    `--target: expected one of ${targetNames}, found ${name}`,
  );
}

/** Searches for a fault in one target. False if it has found one. */
async function fuzzTarget(
  target: Target,
  seed: number,
  limit: Limit,
): Promise<boolean> {
  const { name } = target;
  const corpus = readCorpus(name).map(({ input }) => input);
  const fuzzer = new Fuzzer(target, corpus, seed);
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  let shownMs = 0;
  while (
    fuzzer.failure === undefined && fuzzer.runs < limit.runs &&
    elapsedMs() < limit.ms
  ) {
    await fuzzer.run(Math.min(runsAtATime, limit.runs - fuzzer.runs));
    if (elapsedMs() - shownMs < 1000) continue;
    shownMs = elapsedMs();
    showProgress(`${name}: ${fuzzer.runs} runs`);
  }
  showProgress("");
  const { failure, pool, runs } = fuzzer;
  const perSecond = Math.round(runs / elapsedMs() * 1000);
  const rate = `${runs} runs (${perSecond}/s), ${pool.length} inputs kept`;
  if (failure === undefined) {
    console.log(`${name}: ${rate}, no fault found`);
    return true;
  }
  console.log(`${name}: ${rate}, A FAULT`);
  printFailure(name, seed, failure);
  return false;
}

function printFailure(name: string, seed: number, failure: Failure): void {
  const { input, message, runs } = failure;
  const shown = textOfBytes(escapeBytes(input.slice(0, maxShownBytes)));
  const rest = input.length - maxShownBytes;
  const file = `found-${formatFingerprint(fingerprint(input))}`;
  console.log(`  ${textOfBytes(escapeBytes(bytesOfText(message)))}`);
  console.log(`  input: ${shown}${rest > 0 ? ` and ${rest} more bytes` : ""}`);
  console.log(
    `  again: deno task fuzz --target ${name} --seed ${seed} --runs ${runs}`,
  );
  console.log(
    `  The input is in tests/fuzz/corpus/${name}/${file}: give it a name that ` +
      "describes it, and keep it there.",
  );
  // Written last, so that everything is printed even if this fails.
  Deno.writeFileSync(seedUrl(name, file), encodeBytes(input));
}

/** Shows progress in the terminal's last line. */
function showProgress(text: string): void {
  if (!Deno.stdout.isTerminal()) return;
  Deno.stdout.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

if (import.meta.main) {
  await runProgram("fuzz", () => fuzz(Deno.args));
}
