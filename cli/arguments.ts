/**
 * Reads command lines strictly: a flag that is not known, has no value, or a
 * wrong one, is an error that names it. Parsing is std/cli's `parseArgs`.
 *
 * @module
 */
import { parseArgs } from "../packages/parse_args.ts";
import { UsageError } from "../runtime/setup_error.ts";

export { UsageError };

/** One flag of a command. */
export interface Flag {
  /** What the value is, such as `PORT`; none for a flag that stands alone. */
  readonly value?: string;
  /** One line for the help. */
  readonly help: string;
  /** The heading below which the help lists it; the last part if undefined. */
  readonly group?: string;
  /** Whether a flag that stands alone takes `=false` too, as its value. */
  readonly canBeFalse?: boolean;
}

/** The flags of a command, by name without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** A command line, read. */
export interface Arguments {
  /** What stands between the flags. */
  readonly positionals: readonly string[];
  /** The values that were given; an empty string for a flag without value. */
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Reads the arguments of a command that takes these flags, `--help` and `-h`.
 *
 * @throws {UsageError} Naming the flag at fault.
 */
export function readArguments(
  args: readonly string[],
  flags: Flags,
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
    throw new UsageError(`unknown flag ${unknown[0].split("=")[0]}`);
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
 * What begins with a dash and a digit is no flag but a number: a latitude
 * south of the equator. `parseArgs` shall not take it for one.
 */
function hideNumber(argument: string): string {
  return /^-\d/.test(argument) ? `\0${argument}` : argument;
}

/** The inverse of `hideNumber`. */
function showNumber(word: string): string {
  return word.replace(/^\0/, "");
}

/**
 * The value of a flag as a whole number within bounds; undefined if it was not
 * given.
 *
 * @throws {UsageError} If it is anything else.
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
 * Goes on if there is nothing between the flags.
 *
 * @param program Who takes no words, for the message.
 * @throws {UsageError} Naming the first word.
 */
export function refusePositionals(
  { positionals }: Arguments,
  program: string,
): void {
  if (positionals.length === 0) return;
  throw new UsageError(`${program} takes no words, found ${positionals[0]}`);
}

/** The flags, and `--help`, as lines of a help text, below their headings. */
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
