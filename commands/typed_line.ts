/**
 * What a person types at the prompt, with the conveniences that servers know
 * nothing of.
 *
 * @module
 */
import type { Timestamp } from "../protocol/time.ts";
import { verbs } from "./explain_refusal.ts";

/** Words that are for the prompt, not for a server. */
const promptWords = ["help", "quit"];

/** The present time, in place of digits. */
const nowWord = "now";

/** An IAMAT with the word in place of its time. */
const iamatNow = /^(\s*IAMAT\s+\S+\s+\S+\s+)now(\s*)$/;

/** The line to send: an IAMAT `now` has the time in place of that word. */
export function insertTime(
  line: string,
  { nanoseconds, seconds }: Timestamp,
): string {
  const time = `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  return line.replace(iamatNow, `$1${time}$2`);
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
  const [verb] = fields;
  if (verb === undefined) return [...verbs, ...promptWords];
  if (!verbs.includes(verb)) return [];
  if (fields.length === 1) return [...ids];
  return verb === "IAMAT" && fields.length === 3 ? [nowWord] : [];
}
