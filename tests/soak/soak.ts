/**
 * Runs the five servers as processes, under load and with faults, and checks
 * their answers, also those of their gateways: `deno task soak --minutes 10`.
 * Needs Linux, for `/proc`.
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
import { nextSignal, onCrash, runProgram, SetupError } from "../../cli/exit.ts";
import { formatVerdict } from "./verdict_text.ts";
import { run } from "./run.ts";
import { World } from "./world.ts";

const defaultMinutes = 10;
const mostMinutes = 7 * 24 * 60;
const maxSeed = 2 ** 31;

const flags: Flags = {
  minutes: {
    value: "COUNT",
    help: `duration of faults and load (${defaultMinutes})`,
  },
  seconds: { value: "COUNT", help: "the same in seconds" },
  seed: { value: "NUMBER", help: "selects the faults (random)" },
};

const help = `Runs five servers under load, with kills, freezes and resets.

Usage: soak [flags]

${describeFlags(flags)}`;

/** Time between two lines of progress without a terminal, in milliseconds. */
const lineIntervalMs = 30_000;

async function soak(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  refusePositionals(parsed, "soak");
  const minutes = wholeNumber(parsed, "minutes", 1, mostMinutes);
  const seconds = wholeNumber(parsed, "seconds", 1, mostMinutes * 60);
  if (minutes !== undefined && seconds !== undefined) {
    throw new UsageError("--minutes and --seconds exclude each other");
  }
  const forSeconds = seconds ?? (minutes ?? defaultMinutes) * 60;
  const seed = wholeNumber(parsed, "seed", 1, maxSeed) ??
    1 + Math.floor(Math.random() * maxSeed);
  if (Deno.build.os !== "linux") {
    throw new SetupError("soak needs Linux, as it reads /proc");
  }
  await soakFor(forSeconds, seed);
}

async function soakFor(seconds: number, seed: number): Promise<void> {
  const world = new World(seed);
  const interrupted = nextSignal().then((signal) => {
    throw new SetupError(
      `ended by ${signal}; the logs are in ${world.servers.folder}`,
    );
  });
  console.log(
    `soak: ${seconds} s, seed ${seed}; ${world.anchor} is never killed; ` +
      `all files are in ${world.servers.folder}`,
  );
  const again = `again: deno task soak --seconds ${seconds} --seed ${seed}`;
  onCrash(() => {
    world.servers.killAll();
    console.log(again);
  });
  const stopProgress = printProgress(world, seconds);
  let verdict;
  try {
    verdict = await Promise.race([
      run(world, seconds * 1000),
      world.servers.unexpectedEnd,
      interrupted,
    ]);
  } catch (error) {
    printFailures(world);
    console.log(again);
    throw error;
  } finally {
    stopProgress();
    await world.servers[Symbol.asyncDispose]();
  }
  console.log(formatVerdict(world.counts, verdict, world.lateMs));
  if (world.failureCount > 0) {
    printFailures(world);
    console.log(again);
    throw new SetupError(
      `the soak has failed: ${world.failureCount} failures; ` +
        `the logs are in ${world.servers.folder}/read`,
    );
  }
  await Deno.remove(world.servers.folder, { recursive: true });
  console.log("the soak has passed");
}

function printFailures(world: World): void {
  for (const failure of world.failures) console.log(`FAILED ${failure}`);
}

const sumOf = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number, 0);

/** Prints the progress. Returns a function that ends it. */
function printProgress(world: World, seconds: number): () => void {
  const isTerminal = Deno.stdout.isTerminal();
  const encoder = new TextEncoder();
  const startMs = performance.now();
  const print = () => {
    const passed = Math.round((performance.now() - startMs) / 1000);
    const { counts, failureCount } = world;
    const text = `${passed} s of ${seconds}: ${counts.answers} answers, ` +
      `${counts.kills} kills, ${counts.stops} stops, ` +
      `${counts.freezes} freezes, ${counts.linkFaults} faults of links, ` +
      `${sumOf(Object.values(counts.attacks))} attacks, ` +
      `${failureCount} failures`;
    if (isTerminal) Deno.stdout.writeSync(encoder.encode(`\r\x1b[K${text}`));
    else console.log(text);
  };
  const timer = setInterval(print, isTerminal ? 1_000 : lineIntervalMs);
  return () => {
    clearInterval(timer);
    if (isTerminal) Deno.stdout.writeSync(encoder.encode("\r\x1b[K"));
  };
}

if (import.meta.main) {
  await runProgram("soak", () => soak(Deno.args));
}
