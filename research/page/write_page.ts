/**
 * Writes docs/PERFORMANCE.md and docs/plots/ from files of results.
 *
 * @module
 */
import {
  readResultsFile,
  type Results,
  resultsFolder,
} from "../../bench/results.ts";
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../../cli/arguments.ts";
import { SetupError, setupError } from "../../cli/exit.ts";
import type { Plot } from "../../log_analysis/plots/drawing.ts";
import { readFile } from "../../runtime/files.ts";
import { requirePermissions } from "../../runtime/permissions.ts";
import {
  type CombinedResults,
  combineResults,
  type OlderFile,
  type ResultsFile,
} from "./combine_results.ts";
import { fillPage } from "./fill_page.ts";
import { blocks } from "./markdown.ts";

/** A generated part of the page. */
export interface Part {
  /**
   * @param path The file that the results are from.
   * @param older The files that some measures are from.
   */
  readonly text: (
    results: Results,
    path: string,
    older: readonly OlderFile[],
  ) => string;
  /** Draws its plot; undefined if there are no samples. */
  readonly plot?: (results: Results) => Plot | undefined;
}

/** Parts by their names in the page. A plot has the name of its part. */
export type Parts = Readonly<Record<string, Part>>;

/** The newest results of each measure. */
async function newestResults(): Promise<CombinedResults> {
  await requirePermissions([{ name: "read", path: resultsFolder }]);
  const files: ResultsFile[] = [];
  try {
    for await (const { name } of Deno.readDir(resultsFolder)) {
      if (!name.endsWith(".json")) continue;
      const path = `${resultsFolder}/${name}`;
      files.push({ path, results: await readResultsFile(path) });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const combined = combineResults(files);
  if (combined !== undefined) return combined;
  throw new SetupError(
    `no results in ${resultsFolder}/: deno task bench writes some`,
  );
}

const flags: Flags = {
  docs: {
    value: "FOLDER",
    help: "the folder of PERFORMANCE.md and plots/ (docs)",
  },
};

const help = `Writes the page on performance from results of the bench.

Usage: bench:report [RESULTS.json] [flags]

Without a file it takes each measure from the newest one of ${resultsFolder}/
that has it.

${describeFlags(flags)}`;

/** The page with all parts, and the plots by name. */
export function fillParts(
  page: string,
  parts: Parts,
  { older, path, results }: CombinedResults,
): { page: string; plots: Map<string, Plot> } {
  const plots = new Map<string, Plot>();
  const texts = new Map<string, string>();
  for (const [name, { plot, text }] of Object.entries(parts)) {
    const drawn = plot?.(results);
    if (drawn !== undefined) plots.set(name, drawn);
    const image = drawn && `![${drawn.title}](plots/${name}.svg)`;
    texts.set(name, blocks(image ?? "", text(results, path, older)));
  }
  return { page: fillPage(page, texts), plots };
}

/** Runs the program. It writes nothing unless all parts can be made. */
export async function writePage(
  parts: Parts,
  args: readonly string[],
): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  const [file, ...others] = parsed.positionals;
  if (others.length > 0) throw new UsageError("expected one file of results");
  const docs = parsed.flags.get("docs") ?? "docs";
  await requirePermissions(
    (["read", "write"] as const).map((name) => ({ name, path: docs })),
  );
  const source = file === undefined
    ? await newestResults()
    : { path: file, results: await readResultsFile(file), older: [] };
  const pagePath = `${docs}/PERFORMANCE.md`;
  const old = await readFile(pagePath);
  let filled;
  try {
    filled = fillParts(old, parts, source);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(`${pagePath}: ${error.message}`);
  }
  const { page, plots } = filled;
  try {
    await Deno.mkdir(`${docs}/plots`, { recursive: true });
    for (const [name, { plot }] of Object.entries(parts)) {
      if (plot === undefined) continue;
      await writePlot(`${docs}/plots/${name}.svg`, plots.get(name));
    }
    await Deno.writeTextFile(pagePath, page);
  } catch (error) {
    throw setupError(docs, error);
  }
  const paths = [source, ...source.older].map(({ path }) => path);
  console.log(
    `${pagePath}: made of ${paths.join(", ")}, ${plots.size} plots`,
  );
}

/** Removes an old plot that has no samples now: it would contradict the page. */
async function writePlot(path: string, plot: Plot | undefined): Promise<void> {
  if (plot !== undefined) return await Deno.writeTextFile(path, plot.svg);
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
