/**
 * The command line of the bench.
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
import { resultsFolder } from "./results.ts";

/** What a run of the bench does. */
export interface Options {
  readonly rounds: number;
  readonly secondsAPoint: number;
  /** Names of measures, in the order in which they run. */
  readonly measures: readonly string[];
  /** The subjects of the measure `updates`, in this order. */
  readonly subjects: readonly string[];
  /** The path of the file of results. */
  readonly output: string;
}

/** The names that the flags can choose. */
export type Choices = Pick<Options, "measures" | "subjects">;

const defaultRounds = 5;
const defaultSeconds = 2;
const maxRounds = 100;

/**
 * The kernel counts CPU time in hundredths of a second, which is too coarse for
 * shorter loads. A program that runs much longer is killed.
 */
const [minSeconds, maxSeconds] = [0.1, 15];

const flags: Flags = {
  rounds: {
    value: "COUNT",
    help: `how many rounds to measure (${defaultRounds})`,
  },
  seconds: {
    value: "SECONDS",
    help: `how long each load lasts after its warm-up (${defaultSeconds})`,
  },
  only: { value: "MEASURES", help: "measure only these, separated by commas" },
  subjects: {
    value: "NAMES",
    help: "measure only these in updates, separated by commas",
  },
  output: {
    value: "FILE",
    help: `the file of results (${resultsFolder}/DATE-TIME.json)`,
  },
};

/** The help text of a program that runs measures. */
export function helpText(
  program: string,
  { measures, subjects }: Choices,
): string {
  return `Measures servers side by side and writes a file of results.

Usage: ${program} [flags]

${describeFlags(flags)}

MEASURES are of: ${measures.join(", ")}
NAMES are of: ${subjects.join(", ")}`;
}

/**
 * Reads the arguments; undefined if they request the help text.
 *
 * @param now When the run begins. The default file name contains it.
 * @throws {UsageError} Naming the flag that is wrong.
 */
export function readOptions(
  args: readonly string[],
  choices: Choices,
  now: Date,
): Options | undefined {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return undefined;
  refusePositionals(parsed, "the bench");
  const [day, time] = now.toISOString().split("T");
  const name = `${day}-${time.slice(0, 5).replace(":", "")}.json`;
  return {
    rounds: wholeNumber(parsed, "rounds", 1, maxRounds) ?? defaultRounds,
    secondsAPoint: readSeconds(parsed),
    measures: readNames(parsed, "only", choices.measures),
    subjects: readNames(parsed, "subjects", choices.subjects),
    output: parsed.flags.get("output") ?? `${resultsFolder}/${name}`,
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

/** The names that a flag chooses, in the order of the known ones. */
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
