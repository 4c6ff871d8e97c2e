import { assert, assertEquals } from "./assert.ts";
import {
  ask,
  freeBasePort,
  Program,
  projectFolder,
  TestHerd,
} from "./end_to_end/process.ts";

const page = await Deno.readTextFile(`${projectFolder}docs/LIBRARY.md`);

/** A recipe of the page: a program and its output. */
interface Recipe {
  readonly program: string;
  /** The content of `deno.json`, if the recipe has one. */
  readonly config: string | undefined;
  /** The arguments of `deno`; the last one is the program's file. */
  readonly args: readonly string[];
  readonly output: string;
}

/**
 * The recipe of a section.
 *
 * @param replacements Texts of the page, such as paths and ports, and their
 * values in the test.
 */
function recipe(
  section: string,
  replacements: Readonly<Record<string, string>>,
): Recipe {
  let [, text] = page.split(`\n## ${section}\n`);
  [text] = text.split("\n## ");
  for (const [before, after] of Object.entries(replacements)) {
    assert(text.includes(before), `${section}: ${before}`);
    text = text.replaceAll(before, after);
  }
  const [, command, output] = text.match(
    /^ {4}\$ deno (.*)\n((?: {4}.*\n)+)/m,
  )!;
  return {
    program: text.match(/^```ts\n(.*?)^```$/ms)![1],
    config: text.match(/^```json\n(.*?)^```$/ms)?.[1],
    args: command.split(" "),
    output: output.replaceAll(/^ {4}/gm, ""),
  };
}

/** A temporary folder for a recipe. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "library-" });

  /** Writes the files of a recipe and starts it. */
  start(
    { args, config, program }: Recipe,
    options: { env?: Record<string, string>; flags?: readonly string[] } = {},
  ): Program {
    const { env, flags = [] } = options;
    const [command, ...rest] = args;
    Deno.writeTextFileSync(`${this.path}/${args.at(-1)}`, program);
    if (config !== undefined) {
      Deno.writeTextFileSync(`${this.path}/deno.json`, config);
    }
    return Program.start([command, "--no-prompt", ...flags, ...rest], {
      cwd: this.path,
      env,
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Runs a recipe to its end, and compares its output with the page. */
async function assertPrints(
  recipe: Recipe,
  options: Parameters<Folder["start"]>[1] = {},
): Promise<void> {
  using folder = new Folder();
  await using program = folder.start(recipe, options);
  assertEquals(await program.ended(), 0, program.stderr);
  assertEquals(program.stdout, recipe.output);
}

/** The project's folder on the page, and its folder here. */
const projectHere = { "/opt/herd": projectFolder.slice(0, -1) };

/** The address of the server on the page, and its address here. */
const serverAt = (port: number) => ({
  "port: 8000": `port: ${port}`,
  "127.0.0.1:8000": `127.0.0.1:${port}`,
});

Deno.test("a client runs in an empty folder without fetching anything", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  using cache = new Folder();
  const client = recipe("A client", {
    ...projectHere,
    ...serverAt(herd.portOf("Hill")),
  });
  await assertPrints(client, {
    env: { DENO_DIR: cache.path },
    flags: ["--cached-only"],
  });
});

Deno.test("a client can be imported from a URL", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  using cache = new Folder();
  await using files = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ url }) =>
      new Response(
        await Deno.readFile(projectFolder + new URL(url).pathname.slice(1)),
      ),
  );
  const client = recipe("A client from a URL", {
    ...serverAt(herd.portOf("Hill")),
    "127.0.0.1:8080": `127.0.0.1:${files.addr.port}`,
  });
  await assertPrints(client, { env: { DENO_DIR: cache.path } });
});

/**
 * Without a lock file, Deno queries the registry for the dependencies of each
 * package. `deno task fetch` has cached them.
 */
const offline = { flags: ["--cached-only"] };

/** Starts the server of the page, sends it requests, and stops it. */
async function assertServes(config?: string): Promise<void> {
  const basePort = freeBasePort();
  const hill = recipe("A server", {
    ...projectHere,
    '{ name: "Hill" }': `{ name: "Hill", basePort: ${basePort} }`,
    "127.0.0.1:8000": `127.0.0.1:${basePort}`,
  });
  using folder = new Folder();
  await using program = folder.start({ ...hill, config }, offline);
  await program.untilPrinted(hill.output);
  const answer = await ask(basePort, "IAMAT kiwi +1+1 1\nWHATSAT kiwi 1 1\n");
  assert(answer.startsWith("AT Hill "), answer);
  program.signal("SIGINT");
  assertEquals(await program.ended(), 0, program.stderr);
  assertEquals(program.stdout, hill.output);
}

Deno.test("a server runs in an empty folder", () => assertServes());

Deno.test("a server runs where the import map has other targets for its packages", async () => {
  const { imports } = JSON.parse(
    await Deno.readTextFile(`${projectFolder}import_map.json`),
  );
  for (const name of Object.keys(imports)) {
    imports[name] = name.endsWith("/") ? "./nowhere/" : "./nowhere.ts";
  }
  await assertServes(JSON.stringify({ imports }));
});

Deno.test("a program makes and checks tokens", async () => {
  const tokens = recipe("Tokens", projectHere);
  using folder = new Folder();
  Deno.writeTextFileSync(
    `${folder.path}/token.key`,
    `first ${"A".repeat(43)}\n`,
  );
  await using program = folder.start(tokens, offline);
  assertEquals(await program.ended(), 0, program.stderr);
  assertEquals(program.stdout, tokens.output);
});

Deno.test("a program reads what its server has recorded", async () => {
  const basePort = freeBasePort();
  const past = recipe("Positions of the past", {
    ...projectHere,
    'name: "Hill"': `name: "Hill", basePort: ${basePort}`,
    "port: 8000": `port: ${basePort}`,
  });
  await assertPrints(past, offline);
});

Deno.test("a project can give the herd short names", async () => {
  const basePort = freeBasePort();
  const both = recipe("In a project with a `deno.json`", {
    ...projectHere,
    '{ name: "Hill" }': `{ name: "Hill", basePort: ${basePort} }`,
    "port: 8000": `port: ${basePort}`,
  });
  await assertPrints(both, offline);
});
