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

/** Another run, which tells how far one can rely on a single one. */
const secondResultsPath = "bench/results/2026-11-23-1427.json";

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
  const results = await addResults(files, "report/results.json", resultsPath);
  await addResults(files, "report/second.json", secondResultsPath);
  const model = modelOf(results);
  files.set("report/model.json", JSON.stringify(model));
  files.set("report/rates.svg", ratesFigure(results));
  files.set("report/herd_sizes.svg", herdSizesFigure(model));
  return files;
}

/** Reads results, and puts their text among the files. */
async function addResults(
  files: Map<string, string>,
  name: string,
  path: string,
): Promise<Results> {
  const text = await readFile(path);
  files.set(name, text);
  try {
    return parseResults(text);
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    throw new SetupError(`${path}: ${error.message}`);
  }
}
