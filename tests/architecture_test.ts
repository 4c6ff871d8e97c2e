import { assert, assertEquals } from "./assert.ts";
import { projectFolder } from "./herd/process.ts";

/**
 * Who may import whom: each room, and the rooms and files that it may use.
 * Nothing else is allowed, and there is no way round in a circle.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "packages": [],
  "protocol": [],
  "runtime": ["protocol"],
  "peers": ["protocol", "runtime"],
  "places": ["packages", "protocol", "runtime"],
  "sessions": ["protocol", "runtime"],
  "journal": ["packages", "protocol", "runtime"],
  "status": ["peers", "runtime"],
  "admin": [
    "deno.json",
    "journal",
    "packages",
    "protocol",
    "runtime",
    "status",
  ],
  "cli": ["packages", "runtime"],
  "terminal": [],
  "plots": [],
  "log_reading": [
    "cli",
    "journal",
    "packages",
    "peers",
    "plots",
    "protocol",
    "terminal",
  ],
  "herd.json": [],
  "deno.json": [],
  "client": ["protocol", "runtime"],
  "herd_status.ts": [
    "journal",
    "peers",
    "places",
    "runtime",
    "sessions",
    "status",
  ],
  "prompt": ["client", "journal", "packages", "protocol", "terminal"],
  "phones": ["client", "packages", "protocol", "runtime", "terminal"],
  "herd_server.ts": [
    "herd_status.ts",
    "journal",
    "peers",
    "places",
    "protocol",
    "runtime",
    "sessions",
    "status",
  ],
  "settings": [
    "cli",
    "herd.json",
    "journal",
    "peers",
    "places",
    "runtime",
    "sessions",
  ],
  "start.ts": [
    "cli",
    "herd_server.ts",
    "journal",
    "peers",
    "places",
    "runtime",
    "settings",
  ],
  "server.ts": [
    "admin",
    "cli",
    "herd_server.ts",
    "peers",
    "runtime",
    "settings",
    "start.ts",
    "status",
  ],
  "commands": [
    "cli",
    "client",
    "herd_server.ts",
    "log_reading",
    "peers",
    "phones",
    "places",
    "prompt",
    "protocol",
    "runtime",
    "server.ts",
    "settings",
    "status",
    "terminal",
  ],
  "main.ts": ["cli", "commands", "deno.json", "server.ts"],
  "mod.ts": [
    "client",
    "herd.json",
    "journal",
    "peers",
    "places",
    "protocol",
    "runtime",
    "server.ts",
    "sessions",
    "settings",
    "status",
  ],
  "deploy": [],
  "examples": ["client"],
  "tools": ["cli", "places", "terminal", "tests"],
  "bench": [
    "herd.json",
    "cli",
    "peers",
    "places",
    "plots",
    "protocol",
    "runtime",
    "tests",
    "deno.json",
  ],
  "report": ["bench", "cli", "plots"],
};

/** Rooms that do no I/O and know no clock but one that is passed in. */
const pureFiles = [
  "protocol/",
  "peers/",
  "sessions/",
  "status/",
  "admin/",
  "places/answer.ts",
  "places/answer_cache.ts",
  "places/budget.ts",
  "places/google_auto.ts",
  "places/google_new_shape.ts",
  "places/places.ts",
  "places/print.ts",
  "places/provider.ts",
  "places/redact.ts",
  "places/requests.ts",
  "places/shared_answers.ts",
  "places/trim.ts",
  "places/turns.ts",
  "journal/escape.ts",
  "journal/parse.ts",
  "journal/record.ts",
  "phones/",
  "prompt/",
  "log_reading/client_names.ts",
  "log_reading/followed.ts",
  "log_reading/histogram.ts",
  "log_reading/line_kinds.ts",
  "log_reading/link_talk.ts",
  "log_reading/link_times.ts",
  "log_reading/path_tree.ts",
  "log_reading/propagation.ts",
  "log_reading/record_reader.ts",
  "log_reading/reply_times.ts",
  "log_reading/report_line.ts",
  "log_reading/report_path.ts",
  "log_reading/reported.ts",
  "log_reading/series.ts",
  "log_reading/server_stats.ts",
  "log_reading/stats_json.ts",
  "log_reading/stats_plot.ts",
  "log_reading/stats_plot_style.ts",
  "log_reading/stats_text.ts",
  "log_reading/time_check.ts",
  "log_reading/timeline.ts",
  "log_reading/trace_json.ts",
  "log_reading/trace_text.ts",
  "log_reading/words.ts",
  "plots/",
  "report/figures/",
  "report/model.ts",
  "terminal/table.ts",
  "terminal/width.ts",
];

async function sourceFiles(folder = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(projectFolder + folder)) {
    const path = folder + entry.name;
    if (entry.isDirectory && !/^(\.|tests$|dist|logs|node_mod)/.test(path)) {
      files.push(...await sourceFiles(`${path}/`));
    } else if (path.endsWith(".ts")) {
      files.push(path);
    }
  }
  return files;
}

/** What a file's code, not its comments, imports. */
function specifiersOf(text: string): string[] {
  const code = text.replace(/^\s*\/?\*.*$/gm, "");
  const found = code.matchAll(
    /^(?:import|export|\})[^"]*\bfrom "([^"]+)"|\bimport[ (]\s*"([^"]+)"/gm,
  );
  return [...found].map(([, named, other]) => named ?? other);
}

/** The files of ours that a file imports, as paths from the top. */
function importsOf(path: string, text: string): string[] {
  return specifiersOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) =>
      new URL(specifier, `file:///${path}`).pathname.slice(1)
    );
}

const roomOf = (path: string) => path.split("/")[0];

Deno.test("imports go the way that the architecture says, and no other", async () => {
  for (const path of await sourceFiles()) {
    const room = roomOf(path);
    assert(room in allowed, `${path} stands in no known room`);
    const text = await Deno.readTextFile(projectFolder + path);
    for (const target of importsOf(path, text)) {
      const targetRoom = roomOf(target);
      if (targetRoom === room) continue;
      assert(
        allowed[room].includes(targetRoom),
        `${path} must not import ${target}`,
      );
    }
  }
});

Deno.test("no file imports itself in a circle", async () => {
  const graph = new Map<string, string[]>();
  for (const path of await sourceFiles()) {
    const text = await Deno.readTextFile(projectFolder + path);
    graph.set(path, importsOf(path, text));
  }
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]) => {
    assert(!way.includes(path), `a circle: ${[...way, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
});

Deno.test("the core does no I/O and has no clock or chance of its own", async () => {
  const forbidden =
    /\bDeno\.(?!errors)|\bfetch\(|\bsetTimeout|\bDate\.now|\bperformance\.|\bMath\.random|\bcrypto\.|\bconsole\./;
  for (const path of await sourceFiles()) {
    if (!pureFiles.some((pure) => path.startsWith(pure))) continue;
    const text = await Deno.readTextFile(projectFolder + path);
    assertEquals(text.match(forbidden)?.[0], undefined, path);
  }
});

Deno.test("every event of the log stands in the docs", async () => {
  const page = await Deno.readTextFile(`${projectFolder}docs/PROTOCOL.md`);
  const events = new Set<string>();
  for (const path of await sourceFiles()) {
    const text = await Deno.readTextFile(projectFolder + path);
    // A level, a connection, and the event.
    const told = text.matchAll(
      /(?<=(?:ell|vent)\()[^()]*"(?:debug|info|warning|error)",\s*(?:[\w"]+,\s*)?"([^"]+)"/g,
    );
    for (const [, event] of told) events.add(event.replaceAll(" ", "-"));
  }
  assert(events.size >= 14, [...events].join());
  for (const event of events) {
    assert(page.includes(`\`${event}\``), `${event} is not in PROTOCOL.md`);
  }
});

/** The rooms that no server and no client loads. */
const developmentRooms = ["bench", "report", "tests", "tools"];

/** What stands for each package in the import map of servers and clients. */
const served = await packagesIn("import_map.json");

/** The same in the one of everything else. */
const developed = await packagesIn("tests/import_map.json");

async function packagesIn(path: string): Promise<Map<string, string>> {
  const text = await Deno.readTextFile(projectFolder + path);
  return new Map(Object.entries(JSON.parse(text).imports));
}

/** Every import of a package, with the file that it stands in. */
async function packageImports(): Promise<[path: string, specifier: string][]> {
  const imports: [string, string][] = [];
  for (const path of [...await sourceFiles(), ...await sourceFiles("tests/")]) {
    const text = await Deno.readTextFile(projectFolder + path);
    for (const specifier of specifiersOf(text)) {
      if (!/^(\.|node:)/.test(specifier)) imports.push([path, specifier]);
    }
  }
  return imports;
}

/** Whether an import is of this package, or of this folder of it. */
const isOf = (specifier: string, known: string) =>
  known.endsWith("/") ? specifier.startsWith(known) : specifier === known;

Deno.test("every package stands in an import map, pinned, and in the docs", async () => {
  const architecture = await Deno.readTextFile(
    `${projectFolder}docs/ARCHITECTURE.md`,
  );
  for (const [name, target] of [...served, ...developed]) {
    assert(/^npm:\/?@?[^@]+@\d+\.\d+\.\d+\/?$/.test(target), target);
    assert(architecture.includes(`\`${name}\``), `${name} has no reason`);
  }
});

Deno.test("servers and clients import packages through packages/, which says what import_map.json says", async () => {
  const unused = new Set(served.keys());
  for (const [path, specifier] of await packageImports()) {
    if (developmentRooms.includes(roomOf(path))) continue;
    assertEquals(roomOf(path), "packages", `${path} imports ${specifier}`);
    const found = [...served].find(([, target]) => isOf(specifier, target));
    assert(found !== undefined, `${path} imports ${specifier}`);
    unused.delete(found[0]);
  }
  assertEquals([...unused], []);
});

Deno.test("what tests/import_map.json names is imported where no server runs", async () => {
  const imported = (await packageImports())
    .filter(([path]) => developmentRooms.includes(roomOf(path)));
  const unused = [...developed.keys()].filter((name) =>
    !imported.some(([, specifier]) => isOf(specifier, name))
  );
  assertEquals(unused, []);
});

Deno.test("tests run the packages that servers run", async () => {
  const [run, tested] = await Promise.all(
    ["deno.lock", "tests/deno.lock"].map(async (path) =>
      JSON.parse(await Deno.readTextFile(projectFolder + path)).npm
    ),
  );
  for (const [name, entry] of Object.entries(run)) {
    assertEquals(tested[name], entry, name);
  }
  assert(Object.keys(run).length < Object.keys(tested).length);
});

Deno.test("a client needs nothing but Deno", async () => {
  const rooms = new Set<string>();
  const seen = new Set<string>();
  const walk = async (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    rooms.add(roomOf(path));
    const text = await Deno.readTextFile(projectFolder + path);
    for (const target of importsOf(path, text)) await walk(target);
  };
  await walk("client/mod.ts");
  assertEquals([...rooms].sort(), ["client", "protocol", "runtime"]);
});
