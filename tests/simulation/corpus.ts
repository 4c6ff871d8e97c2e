/**
 * Simulated herds that are kept as files, each for a fault that it once showed.
 * They stay what they are when the drawing of herds changes.
 *
 * @module
 */
import type { Plan } from "./plan.ts";

/** A plan, and what it is kept for. */
export interface Scenario {
  /** What happens, and what has to come of it. */
  readonly about: string;
  readonly plan: Plan;
}

/** Where the files are. */
export const corpusFolder = new URL("corpus/", import.meta.url);

/** The name of the file of a plan that breaks a rule. */
export function fileNameOf(rule: string, { seed }: Plan): string {
  return `${rule.replaceAll(/\W+/g, "_")}_${seed}.json`;
}

/** Reads the text of a file. */
export function parseScenario(text: string): Scenario {
  const { about, ...plan } = JSON.parse(text);
  return { about, plan };
}

/** The text of a file. */
export function formatScenario({ about, plan }: Scenario): string {
  return `${JSON.stringify({ about, ...plan }, undefined, 2)}\n`;
}

/** All of them, by the names of their files. */
export function readCorpus(): Map<string, Scenario> {
  const names = [...Deno.readDirSync(corpusFolder)].map(({ name }) => name);
  return new Map(
    names.sort().map((name) => [
      name,
      parseScenario(Deno.readTextFileSync(new URL(name, corpusFolder))),
    ]),
  );
}
