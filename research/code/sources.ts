/**
 * The files that a program loads, and those of the project's rooms.
 *
 * @module
 */
import { projectFolder } from "../../tests/end_to_end/process.ts";
import { runToEnd } from "../run_to_end.ts";

/** A part of the output of `deno info --json`. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      /** Undefined if only types are imported. */
      readonly code?: unknown;
    }[];
  }[];
}

/** The parts of a program. */
export interface Loaded {
  /** Files of TypeScript, as sorted paths from the top of the project. */
  readonly files: readonly string[];
  /** Sorted names of packages, as in the import map. */
  readonly packages: readonly string[];
}

/**
 * The output of a command of Deno, whatever its exit status is.
 *
 * @throws {Error} If it is empty.
 */
export async function outputOfDeno(args: readonly string[]): Promise<string> {
  const { stderr, stdout } = await runToEnd([Deno.execPath(), ...args]);
  if (stdout === "") throw new Error(`deno ${args[0]}: ${stderr}`);
  return stdout;
}

/** The packages of an import map: names and specifiers. */
async function packagesIn(importMap: string): Promise<[string, string][]> {
  const text = await Deno.readTextFile(projectFolder + importMap);
  return Object.entries<string>(JSON.parse(text).imports);
}

/** The names of all packages of the project, in both import maps. */
export async function packagesOfProject(): Promise<string[]> {
  const packages = [
    ...await packagesIn("import_map.json"),
    ...await packagesIn("tests/import_map.json"),
  ];
  return [...new Set(packages.map(([name]) => name))];
}

/**
 * The files that a program loads, at its start or later, and those that it
 * imports only types from.
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

/** Sorted paths of the files of TypeScript in a folder and its folders. */
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
 * The rooms of the programs: every folder at the top with files of TypeScript,
 * except the folders for developers.
 */
export async function rooms(): Promise<string[]> {
  const others = ["bench", "deploy", "examples", "research", "tests", "tools"];
  const found: string[] = [];
  for await (const { isDirectory, name } of Deno.readDir(projectFolder)) {
    if (!isDirectory || /^(\.|dist|logs|node_modules)/.test(name)) continue;
    if (others.includes(name)) continue;
    if ((await filesIn(name)).length > 0) found.push(name);
  }
  return found.sort();
}
