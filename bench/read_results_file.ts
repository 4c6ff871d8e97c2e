/**
 * Reads a file of results.
 *
 * @module
 */
import { SetupError } from "../cli/exit.ts";
import { readFile } from "../runtime/files.ts";
import { parseResults, ResultsError } from "./report/read_results.ts";
import type { Results } from "./results.ts";

/**
 * The results in a file.
 *
 * @throws {SetupError} Naming the file, and what is wrong with it.
 */
export async function readResultsFile(path: string): Promise<Results> {
  const text = await readFile(path);
  try {
    return parseResults(text);
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    throw new SetupError(`${path}: ${error.message}`);
  }
}
