/**
 * Conveniences of the prompt that are not part of the protocol: the word `now`,
 * and completion.
 *
 * @module
 */
import { operandsOf, timeOperand, verbOf, verbs } from "../protocol/command.ts";
import type { Timestamp } from "../protocol/time.ts";

/** Commands of the prompt itself. */
const promptWords = ["help", "quit"];

/** Stands for the present time. */
const nowWord = "now";

/** The line to send: `now` as the time of a whole command becomes digits. */
export function insertTime(
  line: string,
  { nanoseconds, seconds }: Timestamp,
): string {
  // White space at even indexes, fields at odd ones.
  const parts = line.split(/(\S+)/);
  const fieldCount = (parts.length - 1) / 2;
  const partOf = (field: number) => 2 * field + 1;
  const verb = verbOf(parts[partOf(0)]);
  if (verb === undefined) return line;
  const operands = operandsOf(verb);
  const place = partOf(operands.indexOf(timeOperand) + 1);
  const isWhole = fieldCount === operands.length + 1;
  if (!isWhole || parts[place] !== nowWord) return line;
  parts[place] = `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
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
