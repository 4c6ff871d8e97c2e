/**
 * How much code there is: counted in the sources, which are the same every
 * time, so that once is enough.
 *
 * `server` is one server: of a rival its file, of the herd everything that
 * `server.ts` loads, the dashboard and all that keeps links safe with it. The
 * pages of the dashboard are not counted. `bound to Deno` are those of its files
 * that name a thing of the runtime: what would have to be written anew for
 * another one. A room is a folder: one of which the server loads only a part
 * counts as a whole.
 *
 * @module
 */
import type { Measure } from "../../bench/context.ts";
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

const examples = ["owntracks.ts", "track.ts", "track.py"];

/** Those of files that name a thing of the runtime, not only its errors. */
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

/** Lines of code in these files, and how many files those are. */
async function sizeOf(paths: readonly string[]) {
  let codeLines = 0;
  for (const path of paths) {
    const text = await Deno.readTextFile(projectFolder + path);
    codeLines += codeLinesOf(text, languageOf(path)).length;
  }
  return { codeLines, files: paths.length };
}

/** How often each feature of the language is used in files of TypeScript. */
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

/** Lines of code, and what the code leans on. */
export const code: Measure = {
  name: "code",
  title: "how much code there is, and what it leans on",
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
      // All that a server loads is called "server" already.
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
