/**
 * What a person types at the prompt, with the conveniences that servers know
 * nothing of.
 *
 * @module
 */
import { operandsOf, timeOperand, verbOf, verbs } from "../protocol/command.ts";
import type { Timestamp } from "../protocol/time.ts";

/** Words that are for the prompt, not for a server. */
const promptWords = ["help", "quit"];

/** The present time, in place of digits. */
const nowWord = "now";

/** The line to send: a whole command has the time in place of that word. */
export function insertTime(
  line: string,
  { nanoseconds, seconds }: Timestamp,
): string {
  // What is between the fields, and the fields.
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

/** What a Tab may complete: the candidates, and what is there of them. */
export type Completions = [candidates: string[], begun: string];

/**
 * What may follow at the end of a line that is being typed: a verb, then an ID.
 *
 * @param ids The clients that the prompt has heard of.
 */
export function complete(line: string, ids: Iterable<string>): Completions {
  const [begun] = line.match(/\S*$/)!;
  const before = line.slice(0, line.length - begun.length).match(/\S+/g) ?? [];
  const candidates = candidatesBehind(before, ids)
    .filter((candidate) => candidate.startsWith(begun))
    .sort();
  // A space behind what is complete, so that one can go on.
  return [candidates.map((candidate) => `${candidate} `), begun];
}

function candidatesBehind(
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
