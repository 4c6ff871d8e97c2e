/**
 * Which files belong together: what a program loads, and the project's rooms.
 *
 * @module
 */
import { runToEnd } from "../run_to_end.ts";
import { projectFolder } from "../../tests/end_to_end/process.ts";

/** The part of what `deno info --json` prints that is read here. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      /** Not there where only types are imported. */
      readonly code?: unknown;
    }[];
  }[];
}

/** What a program is made of. */
export interface Loaded {
  /** Files of TypeScript, as paths from the top of the project, sorted. */
  readonly files: readonly string[];
  /** The packages that it imports, by their names in the import map, sorted. */
  readonly packages: readonly string[];
}

/**
 * What a command of Deno printed; it may have ended with any status.
 *
 * @throws {Error} If it has printed nothing.
 */
export async function outputOfDeno(args: readonly string[]): Promise<string> {
  const { stderr, stdout } = await runToEnd([Deno.execPath(), ...args]);
  if (stdout === "") throw new Error(`deno ${args[0]}: ${stderr}`);
  return stdout;
}

/** Each package of an import map: its name, and what stands for it. */
async function packagesIn(importMap: string): Promise<[string, string][]> {
  const text = await Deno.readTextFile(projectFolder + importMap);
  return Object.entries<string>(JSON.parse(text).imports);
}

/** The names in both import maps: the packages of the whole project. */
export async function packagesOfProject(): Promise<string[]> {
  const packages = [
    ...await packagesIn("import_map.json"),
    ...await packagesIn("tests/import_map.json"),
  ];
  return [...new Set(packages.map(([name]) => name))];
}

/**
 * All that a program loads when it runs, at once or later, and the files of
 * types that these name.
 */
export async function loadedBy(program: string): Promise<Loaded> {
  const { modules }: Info = JSON.parse(
    await outputOfDeno(["info", "--json", program]),
  );
  const top = `file://${projectFolder}`;
  const known = await packagesIn("import_map.json");
  const packages = new Set<string>();
  for (const { dependencies = [], specifier } of modules) {
    if (!specifier.startsWith(top)) continue;
    for (const { code, specifier: imported } of dependencies) {
      if (code === undefined) continue;
      const found = known.find(([name, target]) =>
        name.endsWith("/") ? imported.startsWith(target) : imported === target
      );
      if (found !== undefined) packages.add(found[0]);
    }
  }
  return {
    files: modules.map(({ specifier }) => specifier)
      .filter((path) => path.startsWith(top) && path.endsWith(".ts"))
      .map((path) => path.slice(top.length)).sort(),
    packages: [...packages].sort(),
  };
}

/** Files of TypeScript in a folder and its folders, as paths, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (
    const { isDirectory, name } of Deno.readDir(projectFolder + folder)
  ) {
    const path = `${folder}/${name}`;
    if (isDirectory) files.push(...await filesIn(path));
    else if (name.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

/**
 * The rooms that the programs are made of: every folder at the top that has
 * TypeScript in it, but for those about the programs.
 */
export async function rooms(): Promise<string[]> {
  const about = ["bench", "deploy", "examples", "research", "tests", "tools"];
  const found: string[] = [];
  for await (const { isDirectory, name } of Deno.readDir(projectFolder)) {
    if (!isDirectory || /^(\.|dist|logs|node_modules)/.test(name)) continue;
    if (about.includes(name)) continue;
    if ((await filesIn(name)).length > 0) found.push(name);
  }
  return found.sort();
}
