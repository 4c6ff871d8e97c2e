/**
 * Conveniences for typed lines that are not part of the protocol: the word
 * `now`, and completion.
 *
 * @module
 */
import { type Arguments, type Flag, UsageError } from "../cli/arguments.ts";
import { operandsOf, timeOperand, verbOf, verbs } from "../protocol/command.ts";
import type { Timestamp } from "../protocol/time.ts";

/** Commands of the prompt itself. */
const promptWords = ["help", "quit"];

/** Stands for the present time. */
export const nowWord = "now";

/** The flag for the time of reports that are typed without one. */
export const timeFlag: Flag = {
  value: "TIME",
  help: `time of an IAMAT without one: POSIX seconds, or ${nowWord}`,
};

/**
 * The value of `timeFlag`; undefined if it is not given.
 *
 * @throws {UsageError} If it is no time.
 */
export function readTimeFlag({ flags }: Arguments): string | undefined {
  const time = flags.get("time");
  const isKnown = time === undefined || time === nowWord ||
    timeOperand.isValid(time);
  if (isKnown) return time;
  throw new UsageError(
    `--time: expected ${nowWord}, or POSIX seconds such as 1520023934.9, ` +
      `found ${time}`,
  );
}

/**
 * The line to send: `now` as the time of a whole command becomes digits.
 *
 * @param time The time to add to a command that lacks nothing else: digits, or
 * `now`.
 */
export function insertTime(
  line: string,
  { nanoseconds, seconds }: Timestamp,
  time?: string,
): string {
  const now = `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  // White space at even indexes, fields at odd ones.
  const parts = line.split(/(\S+)/);
  const fieldCount = (parts.length - 1) / 2;
  const partOf = (field: number) => 2 * field + 1;
  const verb = verbOf(parts[partOf(0)]);
  if (verb === undefined) return line;
  const operands = operandsOf(verb);
  const field = operands.indexOf(timeOperand) + 1;
  if (field === 0) return line;
  if (time !== undefined && fieldCount === field) {
    return `${line.trimEnd()} ${time === nowWord ? now : time}`;
  }
  const isWhole = fieldCount === operands.length + 1;
  if (!isWhole || parts[partOf(field)] !== nowWord) return line;
  parts[partOf(field)] = now;
  return parts.join("");
}

/** Candidates for completion, and the text that they complete. */
export type Completions = [candidates: string[], begun: string];

/**
 * The candidates for the last word of a line: a verb, an ID, or `now`.
 *
 * @param ids The IDs of known clients.
 */
export function complete(line: string, ids: Iterable<string>): Completions {
  const [begun] = line.match(/\S*$/)!;
  const before = line.slice(0, line.length - begun.length).match(/\S+/g) ?? [];
  const candidates = candidatesAfter(before, ids)
    .filter((candidate) => candidate.startsWith(begun))
    .sort();
  // The space after a completed word lets the user type the next one.
  return [candidates.map((candidate) => `${candidate} `), begun];
}

function candidatesAfter(
  fields: readonly string[],
  ids: Iterable<string>,
): string[] {
  if (fields.length === 0) return [...verbs, ...promptWords];
  const verb = verbOf(fields[0]);
  if (verb === undefined) return [];
  const next = operandsOf(verb)[fields.length - 1];
  if (next?.field === "client") return [...ids];
  return next === timeOperand ? [nowWord] : [];
}
