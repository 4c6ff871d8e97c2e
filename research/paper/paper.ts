/**
 * Puts the paper together: its text, the results that it quotes, and figures
 * drawn from them.
 *
 * @module
 */
import { readFile } from "../../runtime/files.ts";
import { readResultsFile } from "../../bench/read_results_file.ts";
import { mistakeOutcomes } from "../page/mistake_outcomes.ts";
import { herdSizesFigure } from "./figures/herd_sizes.ts";
import { ratesFigure } from "./figures/rates.ts";
import { modelOf } from "./model.ts";

/**
 * The run of the bench that the paper is about. Its sentences were written for
 * these numbers: whoever takes another run reads them all again.
 */
export const resultsPath = "bench/results/2026-11-23-1336.json";

/** Another run, which tells how far one can rely on a single one. */
const secondResultsPath = "bench/results/2026-11-23-1427.json";

/** The document among the files. */
export const mainPath = "research/paper/report.typ";

/** Languages whose mistakes the paper tells of, as in the results. */
const checkedLanguages = ["typescript", "python", "java", "javascript"];

const sources = [
  mainPath,
  "research/paper/usenix.typ",
  "research/paper/numbers.typ",
  "research/paper/tables.typ",
  "research/paper/references.bib",
];

/**
 * All files that the document consists of, by path.
 *
 * @throws {SetupError} If one cannot be read.
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
