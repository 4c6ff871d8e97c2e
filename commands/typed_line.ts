/**
 * Conveniences for typed lines that are not part of the protocol: times in
 * other forms, and completion.
 *
 * @module
 */
import { type Arguments, type Flag, UsageError } from "../cli/arguments.ts";
import { operandsOf, timeOperand, verbOf, verbs } from "../protocol/command.ts";
import type { Timestamp } from "../protocol/time.ts";
import {
  digitsOf,
  nowWord,
  readTypedTime,
  typedTimes,
} from "../protocol/typed_time.ts";

/** Commands of the prompt itself. */
const promptWords = ["help", "quit"];

/** The flag for the time of reports that are typed without one. */
export const timeFlag: Flag = {
  value: "TIME",
  help: `time of an IAMAT without one: ${nowWord}, ISO 8601 or POSIX seconds`,
};

/**
 * The value of `timeFlag`: digits, or `now`; undefined if it is not given.
 *
 * @throws {UsageError} If it is no time.
 */
export function readTimeFlag({ flags }: Arguments): string | undefined {
  const text = flags.get("time");
  if (text === undefined) return undefined;
  const read = readTypedTime(text);
  if (read.kind === "time") return read.digits;
  // It is the time when a line is sent.
  if (read.kind === "now") return nowWord;
  const fault = read.kind === "other unit"
    ? read.fault
    : `expected ${typedTimes}, found ${text}`;
  throw new UsageError(`--time: ${fault}`);
}

/** The result of `insertTime`. */
export type TimedLine =
  | { readonly line: string }
  /** The time is in another unit than seconds. The fault says so. */
  | { readonly fault: string };

/**
 * The line to send: the time of a whole command becomes digits. What is no time
 * is left as it is, for the server to refuse.
 *
 * @param time The time to add to a command that lacks nothing else: digits, or
 * `now`.
 */
export function insertTime(
  line: string,
  now: Timestamp,
  time?: string,
): TimedLine {
  // White space at even indexes, fields at odd ones.
  const parts = line.split(/(\S+)/);
  const fieldCount = (parts.length - 1) / 2;
  const partOf = (field: number) => 2 * field + 1;
  const verb = verbOf(parts[partOf(0)]);
  if (verb === undefined) return { line };
  const operands = operandsOf(verb);
  const field = operands.indexOf(timeOperand) + 1;
  if (field === 0) return { line };
  if (time !== undefined && fieldCount === field) {
    const digits = time === nowWord ? digitsOf(now) : time;
    return { line: `${line.trimEnd()} ${digits}` };
  }
  if (fieldCount !== operands.length + 1) return { line };
  const read = readTypedTime(parts[partOf(field)]);
  if (read.kind === "other unit") return { fault: `the time ${read.fault}` };
  if (read.kind === "no time") return { line };
  parts[partOf(field)] = read.kind === "now" ? digitsOf(now) : read.digits;
  return { line: parts.join("") };
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
