/**
 * Collects the files of the paper: its text, the results that it quotes, and its
 * figures.
 *
 * @module
 */
import { readResultsFile } from "../../bench/results.ts";
import { readFile } from "../../runtime/files.ts";
import { mistakeOutcomes } from "../page/mistake_outcomes.ts";
import { herdSizesFigure } from "./figures/herd_sizes.ts";
import { ratesFigure } from "./figures/rates.ts";
import { modelOf } from "./model.ts";

/**
 * The run that the paper is about. Its sentences were written for these numbers:
 * another run requires reading all of them again.
 */
export const resultsPath = "bench/results/2026-11-23-1336.json";

/** Another run, which shows how much two runs differ. */
const secondResultsPath = "bench/results/2026-11-23-1427.json";

/** The path of the document. */
export const mainPath = "research/paper/report.typ";

/** The languages of the mistakes, as in the results. */
const checkedLanguages = ["typescript", "python", "java", "javascript"];

const sources = [
  mainPath,
  "research/paper/usenix.typ",
  "research/paper/numbers.typ",
  "research/paper/tables.typ",
  "research/paper/references.bib",
];

/**
 * The contents of all files of the document, by path.
 *
 * @throws {SetupError} If a file cannot be read.
 */
export async function gatherPaper(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of sources) files.set(path, await readFile(path));
  const results = await readResultsFile(resultsPath);
  const second = await readResultsFile(secondResultsPath);
  const model = modelOf(results);
  const data = {
    results,
    second,
    model,
    mistakes: mistakeOutcomes(results, checkedLanguages),
  };
  for (const [name, value] of Object.entries(data)) {
    files.set(`research/paper/${name}.json`, JSON.stringify(value));
  }
  files.set("research/paper/rates.svg", ratesFigure(results));
  files.set("research/paper/herd_sizes.svg", herdSizesFigure(model));
  return files;
}
