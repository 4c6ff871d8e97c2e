/**
 * Plans of simulated herds in files. Each plan once found a mistake in the code.
 * They do not change when the drawing of plans changes.
 *
 * @module
 */
import type { Plan } from "./plan.ts";
import { expectObject, PlanError, readPlan } from "./plan_reader.ts";

/** A plan with a description. */
export interface Scenario {
  /** What happens, and what the result must be. */
  readonly about: string;
  readonly plan: Plan;
}

/** The folder of the files. */
export const corpusFolder = new URL("corpus/", import.meta.url);

/** The name of the file of a plan that breaks a rule. */
export function fileNameOf(rule: string, { seed }: Plan): string {
  return `${rule.replaceAll(/\W+/g, "_")}_${seed}.json`;
}

/**
 * Parses the text of a file.
 *
 * @throws {SyntaxError} If it is no JSON.
 * @throws {PlanError} If it is no scenario.
 */
export function parseScenario(text: string): Scenario {
  const { about, ...plan } = expectObject(JSON.parse(text), "the file");
  if (typeof about !== "string" || about === "") {
    throw new PlanError("about: expected a text that says what happens");
  }
  return { about, plan: readPlan(plan) };
}

/** Formats the text of a file. */
export function formatScenario({ about, plan }: Scenario): string {
  return `${JSON.stringify({ about, ...plan }, undefined, 2)}\n`;
}

/** All scenarios, by file name. */
export function readCorpus(): Map<string, Scenario> {
  const names = [...Deno.readDirSync(corpusFolder)].map(({ name }) => name);
  return new Map(
    names.sort().map((name) => [
      name,
      parseScenario(Deno.readTextFileSync(new URL(name, corpusFolder))),
    ]),
  );
}
