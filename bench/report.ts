/**
 * Turns results of the bench into docs/PERFORMANCE.md and docs/plots/:
 * `deno task bench:report`. Writes nothing unless all of it can be made.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { runProgram, SetupError } from "../cli/exit.ts";
import { readFile } from "../runtime/files.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import { goals } from "./goals.ts";
import type { Plot } from "../log_analysis/plots/drawing.ts";
import { readResultsFile } from "./read_results_file.ts";
import { fillPage, PageError } from "./report/page.ts";
import { plots } from "./report/plots.ts";
import { newest } from "./report/read_results.ts";
import { sections } from "./report/sections.ts";
import type { Results } from "./results.ts";

const resultsFolder = "bench/results";

const flags: Flags = {
  docs: {
    value: "FOLDER",
    help: "where PERFORMANCE.md is, and plots/ will be (docs)",
  },
};

const help = `Writes the page on performance anew, from results of the bench.

Usage: bench:report [RESULTS.json] [flags]

Without a file it takes the newest one of ${resultsFolder}/.

${describeFlags(flags)}`;

/** A file of results, read. */
interface ResultsEntry {
  readonly path: string;
  readonly results: Results;
}

const readEntry = async (path: string): Promise<ResultsEntry> => ({
  path,
  results: await readResultsFile(path),
});

/** The newest file by the time within it; file names and dates may lie. */
async function readNewest(): Promise<ResultsEntry> {
  await requirePermissions([{ name: "read", path: resultsFolder }]);
  const entries: ResultsEntry[] = [];
  try {
    for await (const { name } of Deno.readDir(resultsFolder)) {
      if (!name.endsWith(".json")) continue;
      entries.push(await readEntry(`${resultsFolder}/${name}`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const found = newest(entries);
  if (found !== undefined) return found;
  throw new SetupError(
    `no results in ${resultsFolder}/: deno task bench makes some`,
  );
}

/** The page with new parts. */
function renew(
  page: string,
  { path, results }: ResultsEntry,
  drawn: ReadonlyMap<string, Plot>,
): string {
  return fillPage(
    page,
    sections(results, {
      goals,
      path,
      plots: new Map([...drawn].map(([name, { title }]) => [name, title])),
    }),
  );
}

/** A plot of other results would contradict the page. */
async function removeOld(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function main(): Promise<void> {
  const parsed = readArguments(Deno.args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  const [file, ...others] = parsed.positionals;
  if (others.length > 0) throw new UsageError("expected one file of results");
  const docs = parsed.flags.get("docs") ?? "docs";
  await requirePermissions([{ name: "read", path: docs }, {
    name: "write",
    path: docs,
  }]);

  const entry = await (file === undefined ? readNewest() : readEntry(file));
  const drawn = new Map<string, Plot>();
  for (const [name, draw] of Object.entries(plots)) {
    const plot = draw(entry.results);
    if (plot !== undefined) drawn.set(name, plot);
  }
  const pagePath = `${docs}/PERFORMANCE.md`;
  const old = await readFile(pagePath);
  let page;
  try {
    page = renew(old, entry, drawn);
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    throw new SetupError(`${pagePath}: ${error.message}`);
  }
  await write(docs, page, drawn);
  console.log(`${pagePath}: made of ${entry.path}, ${drawn.size} plots`);
}

async function write(
  docs: string,
  page: string,
  drawn: ReadonlyMap<string, Plot>,
): Promise<void> {
  try {
    await Deno.mkdir(`${docs}/plots`, { recursive: true });
    for (const name of Object.keys(plots)) {
      const path = `${docs}/plots/${name}.svg`;
      const plot = drawn.get(name);
      if (plot === undefined) await removeOld(path);
      else await Deno.writeTextFile(path, plot.svg);
    }
    await Deno.writeTextFile(`${docs}/PERFORMANCE.md`, page);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new SetupError(`${docs}: ${error.message}`);
  }
}

await runProgram("bench:report", main);
