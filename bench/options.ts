/**
 * What the bench was asked to do, read from its command line.
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
} from "../cli/arguments.ts";

/** What to measure, how often, for how long, and where it goes. */
export interface Options {
  readonly rounds: number;
  readonly secondsAPoint: number;
  /** Names of measures, in the order in which they run. */
  readonly measures: readonly string[];
  /** Whom the measure `updates` measures, in this order. */
  readonly subjects: readonly string[];
  /** The file of results. */
  readonly output: string;
}

/** What there is to choose from. */
export interface Choices {
  readonly measures: readonly string[];
  readonly subjects: readonly string[];
}

const defaultRounds = 5;
const defaultSeconds = 2;

/** A median of more rounds would be no other. */
const maxRounds = 100;

/**
 * Less, and the kernel's hundredths of a second are too coarse; more, and a
 * load would be taken for a program that hangs.
 */
const [minSeconds, maxSeconds] = [0.1, 15];

const resultsFolder = "bench/results";

const flags: Flags = {
  rounds: {
    value: "COUNT",
    help: `how often everything is measured (${defaultRounds})`,
  },
  seconds: {
    value: "SECONDS",
    help: `how long each load lasts, after its warm-up (${defaultSeconds})`,
  },
  only: { value: "MEASURES", help: "measure only these, divided by commas" },
  subjects: {
    value: "NAMES",
    help: "measure only these in updates, divided by commas",
  },
  output: {
    value: "FILE",
    help: `where the results go (${resultsFolder}/DATE-TIME.json)`,
  },
};

/** The help text. */
export function helpText({ measures, subjects }: Choices): string {
  return `Measures the herd beside its rivals, and writes the results down.

Usage: bench [flags]

${describeFlags(flags)}

MEASURES are of: ${measures.join(", ")}
NAMES are of: ${subjects.join(", ")}`;
}

/**
 * Reads the arguments; undefined if they ask for the help text.
 *
 * @param now When the bench begins: the results are named for it.
 * @throws {UsageError} Naming the flag at fault.
 */
export function readOptions(
  args: readonly string[],
  choices: Choices,
  now: Date,
): Options | undefined {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return undefined;
  refusePositionals(parsed, "the bench");
  return {
    rounds: wholeNumber(parsed, "rounds", 1, maxRounds) ?? defaultRounds,
    secondsAPoint: readSeconds(parsed),
    measures: readNames(parsed, "only", choices.measures),
    subjects: readNames(parsed, "subjects", choices.subjects),
    output: parsed.flags.get("output") ?? defaultOutput(now),
  };
}

function readSeconds({ flags }: Arguments): number {
  const text = flags.get("seconds");
  if (text === undefined) return defaultSeconds;
  const seconds = Number(text);
  const isWithin = seconds >= minSeconds && seconds <= maxSeconds;
  if (/^\d+(\.\d+)?$/.test(text) && isWithin) return seconds;
  throw new UsageError(
    `--seconds: expected a number from ${minSeconds} to ${maxSeconds}, ` +
      `found ${text}`,
  );
}

/** Those that were named, in the order in which they always are. */
function readNames(
  { flags }: Arguments,
  flag: string,
  known: readonly string[],
): readonly string[] {
  const text = flags.get(flag);
  if (text === undefined) return known;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--${flag}: expected some of ${known.join(", ")}; found ${unknown}`,
    );
  }
  return known.filter((name) => names.includes(name));
}

/** `bench/results/2026-11-22-2336.json`, in UTC. */
function defaultOutput(now: Date): string {
  const [day, time] = now.toISOString().split("T");
  return `${resultsFolder}/${day}-${time.slice(0, 5).replace(":", "")}.json`;
}
