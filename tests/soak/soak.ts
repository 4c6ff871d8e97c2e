/**
 * Runs the five servers as processes, under load and with everything going
 * wrong, and holds them to what they promise: `deno task soak --minutes 10`.
 * Needs Linux: it looks into `/proc`.
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
import { formatVerdict } from "./report.ts";
import { run } from "./run.ts";
import { World } from "./world.ts";

const defaultMinutes = 10;
const mostMinutes = 7 * 24 * 60;
const maxSeed = 2 ** 31;

const flags: Flags = {
  minutes: {
    value: "COUNT",
    help: `for how long faults and load go on (${defaultMinutes})`,
  },
  seconds: { value: "COUNT", help: "the same in seconds" },
  seed: { value: "NUMBER", help: "decides what goes wrong and when (random)" },
};

const help = `Runs five servers under load, with kills, freezes and resets.

Usage: soak [flags]

${describeFlags(flags)}`;

/** Between two lines about how it goes, where there is no terminal. */
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
    throw new SetupError("soak needs Linux: it looks into /proc");
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
      `everything is in ${world.servers.folder}`,
  );
  const again = `again: deno task soak --seconds ${seconds} --seed ${seed}`;
  onCrash(() => {
    world.servers.killAll();
    console.log(again);
  });
  const stopTelling = tellProgress(world, seconds);
  let verdict;
  try {
    verdict = await Promise.race([
      run(world, seconds * 1000),
      world.servers.death,
      interrupted,
    ]);
  } catch (error) {
    tellFailures(world);
    console.log(again);
    throw error;
  } finally {
    stopTelling();
    await world.servers[Symbol.asyncDispose]();
  }
  console.log(formatVerdict(world.counts, verdict, world.late));
  if (world.failureCount > 0) {
    tellFailures(world);
    console.log(again);
    throw new SetupError(
      `the herd did not hold: ${world.failureCount} failures; ` +
        `the logs are in ${world.servers.folder}/read`,
    );
  }
  await Deno.remove(world.servers.folder, { recursive: true });
  console.log("the herd held");
}

function tellFailures(world: World): void {
  for (const failure of world.failures) console.log(`FAILED ${failure}`);
}

/** Tells how it goes, in place on a terminal; returns what ends that. */
function tellProgress(world: World, seconds: number): () => void {
  const isTerminal = Deno.stdout.isTerminal();
  const encoder = new TextEncoder();
  const startMs = performance.now();
  const tell = () => {
    const passed = Math.round((performance.now() - startMs) / 1000);
    const { counts, failureCount } = world;
    const text = `${passed} s of ${seconds}: ${counts.answers} answers, ` +
      `${counts.kills} kills, ${counts.stops} stops, ` +
      `${counts.freezes} freezes, ${counts.linkFaults} faults of links, ` +
      `${failureCount} failures`;
    if (isTerminal) Deno.stdout.writeSync(encoder.encode(`\r\x1b[K${text}`));
    else console.log(text);
  };
  const timer = setInterval(tell, isTerminal ? 1_000 : lineIntervalMs);
  return () => {
    clearInterval(timer);
    if (isTerminal) Deno.stdout.writeSync(encoder.encode("\r\x1b[K"));
  };
}

if (import.meta.main) {
  await runProgram("soak", () => soak(Deno.args));
}
