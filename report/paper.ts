/**
 * Puts the paper together: its text, the results that it quotes, and figures
 * drawn from them.
 *
 * @module
 */
import { readFile } from "../cli/files.ts";
import { parseResults, ResultsError } from "../bench/report/read_results.ts";
import type { Results } from "../bench/results.ts";
import { SetupError } from "../cli/exit.ts";
import { herdSizesFigure } from "./figures/herd_sizes.ts";
import { ratesFigure } from "./figures/rates.ts";
import { modelOf } from "./model.ts";

/**
 * The run of the bench that the paper is about. Its sentences were written for
 * these numbers: whoever takes another run reads them all again.
 */
export const resultsPath = "bench/results/2026-11-23-1336.json";

/** The document among the files. */
export const mainPath = "report/report.typ";

const sources = [
  mainPath,
  "report/usenix.typ",
  "report/numbers.typ",
  "report/tables.typ",
  "report/references.bib",
];

/**
 * All files that the document consists of, by path.
 *
 * @throws {SetupError} If one cannot be read.
 */
export async function gatherPaper(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of sources) files.set(path, await readFile(path));
  const text = await readFile(resultsPath);
  files.set("report/results.json", text);
  const results = readResults(text);
  const model = modelOf(results);
  files.set("report/model.json", JSON.stringify(model));
  files.set("report/rates.svg", ratesFigure(results));
  files.set("report/herd_sizes.svg", herdSizesFigure(model));
  return files;
}

function readResults(text: string): Results {
  try {
    return parseResults(text);
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    throw new SetupError(`${resultsPath}: ${error.message}`);
  }
}
