/**
 * Reads command lines strictly, with std/cli's `parseArgs`. An unknown flag, or
 * one without its value, is an error that names the flag.
 *
 * @module
 */
import { parseArgs } from "../packages/parse_args.ts";
import { UsageError } from "../runtime/setup_error.ts";

export { UsageError };

export interface Flag {
  /** A name for the value, such as `PORT`; undefined for a switch. */
  readonly value?: string;
  /** One line for the help. */
  readonly help: string;
  /** The heading in the help. Flags without one are listed last. */
  readonly group?: string;
  /** Whether a switch also takes the value `=false`. */
  readonly canBeFalse?: boolean;
}

/** The flags of a command, by name without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** A parsed command line. */
export interface Arguments {
  /** The arguments that are not flags. */
  readonly positionals: readonly string[];
  /** The given flags with their values; an empty string for a switch. */
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Reads the arguments of a command that takes these flags, `--help` and `-h`.
 * Arguments after `--` are not flags.
 *
 * @param word What an argument that begins with a dash may be besides a flag,
 * for the error about an unknown flag.
 * @throws {UsageError} If a flag is unknown, given twice, or lacks its value.
 * The message names it.
 */
export function readArguments(
  args: readonly string[],
  flags: Flags,
  word?: string,
): Arguments {
  const known: Flags = { ...flags, help: { help: "" } };
  const names = Object.keys(known);
  const unknown: string[] = [];
  const parsed = parseArgs(args.map(hideNumber), {
    alias: { h: "help" },
    boolean: names.filter((name) => known[name].value === undefined),
    collect: names.filter((name) => known[name].value !== undefined),
    string: [...names.filter((name) => known[name].value !== undefined), "_"],
    unknown: (argument, key) => {
      if (key !== undefined) unknown.push(argument);
      return key === undefined;
    },
  });
  if (unknown.length > 0) {
    const hint = word === undefined ? "" : `; before ${word}, write --`;
    throw new UsageError(`unknown flag ${unknown[0].split("=")[0]}${hint}`);
  }
  const given = new Map<string, string>();
  for (const name of names) {
    const value = parsed[name];
    if (Array.isArray(value)) {
      if (value.length > 1) throw new UsageError(`--${name} is given twice`);
      if (value.length === 0) continue;
      if (value[0] === "") {
        throw new UsageError(`--${name} needs a value: ${known[name].value}`);
      }
      given.set(name, showNumber(String(value[0])));
    } else if (value === true) {
      given.set(name, "");
    } else if (known[name].canBeFalse && args.includes(`--${name}=false`)) {
      given.set(name, "false");
    }
  }
  return {
    positionals: parsed._.map((word) => showNumber(String(word))),
    flags: given,
  };
}

/**
 * An argument that begins with a dash and a digit is a number, for example a
 * southern latitude. The NUL keeps `parseArgs` from reading it as a flag.
 */
function hideNumber(argument: string): string {
  return /^-\d/.test(argument) ? `\0${argument}` : argument;
}

/** The inverse of `hideNumber`. */
function showNumber(word: string): string {
  return word.replace(/^\0/, "");
}

/**
 * The value of a flag as a whole number; undefined if the flag is not given.
 *
 * @throws {UsageError} If the value is not a whole number from `least` to
 * `most`.
 */
export function wholeNumber(
  { flags }: Arguments,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = flags.get(name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d{1,15}$/.test(value) && number >= least && number <= most) {
    return number;
  }
  throw new UsageError(
    `--${name}: expected a whole number from ${least} to ${most}, found ${value}`,
  );
}

/**
 * Checks that all arguments are flags.
 *
 * @param program The command's name, for the message.
 * @throws {UsageError} If one is not. The message names the first.
 */
export function refusePositionals(
  { positionals }: Arguments,
  program: string,
): void {
  if (positionals.length === 0) return;
  throw new UsageError(`${program} takes only flags, found ${positionals[0]}`);
}

/** The flags and `--help` as lines of a help text, grouped by heading. */
export function describeFlags(flags: Flags): string {
  const all: Flags = { ...flags, help: { help: "this text" } };
  const rows = Object.entries(all).map(([name, { group, help, value }]) => ({
    flag: value === undefined ? `--${name}` : `--${name} ${value}`,
    group,
    help,
  }));
  const width = Math.max(...rows.map(({ flag }) => flag.length));
  return [...Map.groupBy(rows, ({ group }) => group)].map(([group, rows]) => {
    const heading = group === undefined ? "" : `${group}:\n`;
    const lines = rows.map(({ flag, help }) =>
      `  ${flag.padEnd(width)}  ${help}`
    );
    return heading + lines.join("\n");
  }).join("\n\n");
}
