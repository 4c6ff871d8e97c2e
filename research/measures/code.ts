/**
 * How much code there is, counted in the first round only, because it is the
 * same every time.
 *
 * `server` is one server: the file of a rival, or every file that `server.ts`
 * loads, the dashboard included but not its pages. `bound to Deno` are those of
 * the herd's files that use the runtime's API, and would have to be rewritten
 * for another runtime. A room is a folder. It counts as a whole even if the
 * server loads a part of it.
 *
 * @module
 */
import type { Measure } from "../../bench/measure.ts";
import { projectFolder } from "../../tests/end_to_end/process.ts";
import { features } from "../code/features.ts";
import { codeLinesOf, codeOf, languageOf } from "../code/lines.ts";
import {
  filesIn,
  loadedBy,
  outputOfDeno,
  packagesOfProject,
  rooms,
} from "../code/sources.ts";

const rivals = {
  node: "research/rivals/node_net.mjs",
  asyncio: "research/rivals/asyncio_herd.py",
  java: "research/rivals/HerdServer.java",
};

const examples = ["track.ts", "track.py"];

/** The files that use the API of the runtime, other than its errors. */
async function boundToDeno(paths: readonly string[]): Promise<string[]> {
  const bound: string[] = [];
  for (const path of paths) {
    const text = await Deno.readTextFile(projectFolder + path);
    if (/\bDeno\.(?!errors)/.test(codeOf(text, languageOf(path)))) {
      bound.push(path);
    }
  }
  return bound;
}

/** The lines of code in these files, and the number of files. */
async function sizeOf(paths: readonly string[]) {
  let codeLines = 0;
  for (const path of paths) {
    const text = await Deno.readTextFile(projectFolder + path);
    codeLines += codeLinesOf(text, languageOf(path)).length;
  }
  return { codeLines, files: paths.length };
}

/** How often these files of TypeScript use each feature of the language. */
async function featuresIn(paths: readonly string[], folder: string) {
  const config = `${folder}/lint.json`;
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      lint: {
        plugins: [`${projectFolder}research/code/features.ts`],
        rules: { tags: [], include: ["count/features"] },
      },
    }),
  );
  const args = ["lint", "--json", "--config", config, ...paths];
  const { diagnostics, errors } = JSON.parse(await outputOfDeno(args));
  if (errors.length > 0) throw new Error(JSON.stringify(errors[0]));
  return Object.fromEntries(
    features.map((feature) => [
      feature,
      diagnostics.filter(({ message }: { message: string }) =>
        message === feature
      ).length,
    ]),
  );
}

/** Lines of code, features of the language, and packages. */
export const code: Measure = {
  name: "code",
  async run({ add, folder, round }) {
    if (round > 1) return;
    const { files, packages } = await loadedBy("server.ts");
    add("herd", "server", {
      ...await sizeOf(files),
      ...await featuresIn(files, folder),
    });
    add("herd", "bound to Deno", await sizeOf(await boundToDeno(files)));
    for (const name of examples) {
      add("herd", `examples/${name}`, await sizeOf([`examples/${name}`]));
    }
    for (const [subject, path] of Object.entries(rivals)) {
      add(subject, "server", await sizeOf([path]));
    }
    for (const room of await rooms()) {
      // The point "server" is everything that a server loads.
      const point = room === "server" ? "server/" : room;
      add("herd", point, await sizeOf(await filesIn(room)));
    }
    add("herd", "tests", await sizeOf(await filesIn("tests")));
    add("herd", "simulation", await sizeOf(await filesIn("tests/simulation")));
    add("herd", "dependencies", {
      serverPackages: packages.length,
      allPackages: (await packagesOfProject()).length,
    });
  },
};
