/**
 * Combines files of results: each measure is from the newest file that has it,
 * so that one measure can be taken again without all the others.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";

/** A file of results. */
export interface ResultsFile {
  readonly path: string;
  readonly results: Results;
}

/** The measures that an older file adds to the newest one. */
export interface OlderFile extends ResultsFile {
  readonly measures: readonly string[];
}

/** Results of one run, with measures of earlier ones. */
export interface CombinedResults extends ResultsFile {
  /** The newest one first. */
  readonly older: readonly OlderFile[];
}

/** Combines files; undefined if there is none. Takes them in any order. */
export function combineResults(
  files: readonly ResultsFile[],
): CombinedResults | undefined {
  const startMs = ({ results }: ResultsFile) => Date.parse(results.startedAt);
  const [newest, ...others] = files.toSorted((one, other) =>
    startMs(other) - startMs(one)
  );
  if (newest === undefined) return undefined;
  const { missing, samples } = newest.results;
  const known = new Set(measuresOf(newest));
  const older: OlderFile[] = [];
  const combined = { samples: [...samples], missing: [...missing] };
  for (const file of others) {
    const measures = measuresOf(file).filter((measure) => !known.has(measure));
    if (measures.length === 0) continue;
    const isAdded = ({ measure }: { readonly measure: string }) =>
      measures.includes(measure);
    combined.samples.push(...file.results.samples.filter(isAdded));
    combined.missing.push(...file.results.missing.filter(isAdded));
    for (const measure of measures) known.add(measure);
    older.push({ ...file, measures });
  }
  const { path, results } = newest;
  return { path, results: { ...results, ...combined }, older };
}

/** The measures of a file, in their order. */
function measuresOf({ results: { missing, samples } }: ResultsFile): string[] {
  return [...new Set([...samples, ...missing].map(({ measure }) => measure))];
}
