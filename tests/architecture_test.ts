import { assert, assertEquals } from "./assert.ts";
import { rooms, withSketch } from "./architecture.ts";
import { projectFolder } from "./end_to_end/process.ts";

/** Files without I/O, and without a clock except one that is passed to them. */
const pureFiles = [
  "protocol/",
  "replica/",
  "peers/",
  "sessions/",
  "identity/",
  "gateways/readers/",
  "runtime/histogram.ts",
  "runtime/semaphore.ts",
  "server/status/",
  "admin/",
  "storage/file_line.ts",
  "storage/file_names.ts",
  "storage/line_reader.ts",
  "storage/pending_records.ts",
  "storage/recovery.ts",
  "storage/snapshot.ts",
  "storage/storage.ts",
  "history/answer.ts",
  "history/formats/",
  "history/json.ts",
  "history/past_position.ts",
  "history/range.ts",
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
  "log/escape.ts",
  "log/parse.ts",
  "log/record.ts",
  "phones/",
  "commands/app_setup.ts",
  "commands/explain_refusal.ts",
  "commands/inspect_token.ts",
  "commands/prompt_help.ts",
  "commands/show_reply.ts",
  "commands/typed_line.ts",
  "log_analysis/client_names.ts",
  "log_analysis/report_trace.ts",
  "log_analysis/line_kinds.ts",
  "log_analysis/link_state.ts",
  "log_analysis/link_times.ts",
  "log_analysis/path_tree.ts",
  "log_analysis/percentiles.ts",
  "log_analysis/propagation.ts",
  "log_analysis/record_reader.ts",
  "log_analysis/reply_times.ts",
  "log_analysis/report_line.ts",
  "log_analysis/report_path.ts",
  "log_analysis/report_finder.ts",
  "log_analysis/series.ts",
  "log_analysis/server_stats.ts",
  "log_analysis/stats_json.ts",
  "log_analysis/stats_plot.ts",
  "log_analysis/stats_plot_style.ts",
  "log_analysis/stats_text.ts",
  "log_analysis/time_filter.ts",
  "log_analysis/timeline.ts",
  "log_analysis/trace_json.ts",
  "log_analysis/trace_text.ts",
  "log_analysis/format.ts",
  "log_analysis/plots/",
  "research/paper/figures/",
  "research/paper/model.ts",
  "cli/table.ts",
  "cli/width.ts",
];

async function sourceFiles(folder = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(projectFolder + folder)) {
    const path = folder + entry.name;
    if (
      entry.isDirectory && !/^(\.|tests$|data|dist|logs|node_mod)/.test(path)
    ) {
      files.push(...await sourceFiles(`${path}/`));
    } else if (path.endsWith(".ts")) {
      files.push(path);
    }
  }
  return files;
}

/** The specifiers that a file's code imports; comments are ignored. */
function specifiersOf(text: string): string[] {
  const code = text.replace(/^\s*\/?\*.*$/gm, "");
  const found = code.matchAll(
    /^(?:import|export|\})[^"]*\bfrom "([^"]+)"|\bimport[ (]\s*"([^"]+)"/gm,
  );
  return [...found].map(([, named, other]) => named ?? other);
}

/**
 * The project's files that a file imports, as paths from the project's folder.
 */
function importsOf(path: string, text: string): string[] {
  return specifiersOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) =>
      new URL(specifier, `file:///${path}`).pathname.slice(1)
    );
}

/** The room of a file: a folder or a file of the table. */
function roomOf(path: string): string {
  const names = path.split("/");
  const nested = [3, 2].map((depth) => names.slice(0, depth).join("/"));
  return nested.find((room) => room in rooms) ?? names[0];
}

Deno.test("files import only what the architecture allows", async () => {
  for (const path of await sourceFiles()) {
    const room = roomOf(path);
    assert(room in rooms, `${path} is in no room of tests/architecture.ts`);
    const text = await Deno.readTextFile(projectFolder + path);
    for (const target of importsOf(path, text)) {
      const targetRoom = roomOf(target);
      if (targetRoom === room) continue;
      assert(
        rooms[room].uses.includes(targetRoom),
        `${path} must not import ${target}: the table in ` +
          `tests/architecture.ts does not let ${room} use ${targetRoom}`,
      );
    }
  }
});

Deno.test("ARCHITECTURE.md has the generated sketch", async () => {
  const page = await Deno.readTextFile(`${projectFolder}docs/ARCHITECTURE.md`);
  assertEquals(page, withSketch(page));
});

Deno.test("there are no circular imports", async () => {
  const graph = new Map<string, string[]>();
  for (const path of await sourceFiles()) {
    const text = await Deno.readTextFile(projectFolder + path);
    graph.set(path, importsOf(path, text));
  }
  const done = new Set<string>();
  const walk = (path: string, chain: readonly string[]) => {
    assert(!chain.includes(path), `circular: ${[...chain, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...chain, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
});

Deno.test("the core has no I/O, clock or random numbers of its own", async () => {
  const forbidden =
    /\bDeno\.(?!errors)|\bfetch\(|\bsetTimeout|\bDate\.now|\bperformance\.|\bMath\.random|\bcrypto\.|\bconsole\./;
  for (const path of await sourceFiles()) {
    if (!pureFiles.some((pure) => path.startsWith(pure))) continue;
    const text = await Deno.readTextFile(projectFolder + path);
    assertEquals(text.match(forbidden)?.[0], undefined, path);
  }
});

Deno.test("PROTOCOL.md names every event of the log", async () => {
  const page = await Deno.readTextFile(`${projectFolder}docs/PROTOCOL.md`);
  const events = new Set<string>();
  for (const path of await sourceFiles()) {
    const text = await Deno.readTextFile(projectFolder + path);
    // A call with a level, a connection and an event's name.
    const calls = text.matchAll(
      /(?<=(?:mit|vent)\()[^()]*"(?:debug|info|warning|error)",\s*(?:[\w"]+,\s*)?"([^"]+)"/g,
    );
    for (const [, event] of calls) events.add(event.replaceAll(" ", "-"));
  }
  assert(events.size >= 14, [...events].join());
  for (const event of events) {
    assert(page.includes(`\`${event}\``), `${event} is not in PROTOCOL.md`);
  }
});

/** The rooms that no server and no client loads. */
const developmentRooms = ["bench", "research", "tests", "tools"];

/** The packages in the import map of servers and clients. */
const served = await packagesIn("import_map.json");

/** The packages in the import map of everything else. */
const developed = await packagesIn("tests/import_map.json");

async function packagesIn(path: string): Promise<Map<string, string>> {
  const text = await Deno.readTextFile(projectFolder + path);
  return new Map(Object.entries(JSON.parse(text).imports));
}

/** Every import of a package, with the importing file. */
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

/** Whether a specifier is a target of an import map, or below a folder. */
const isOf = (specifier: string, known: string) =>
  known.endsWith("/") ? specifier.startsWith(known) : specifier === known;

Deno.test("import maps pin every package, and ARCHITECTURE.md names it", async () => {
  const architecture = await Deno.readTextFile(
    `${projectFolder}docs/ARCHITECTURE.md`,
  );
  for (const [name, target] of [...served, ...developed]) {
    assert(/^npm:\/?@?[^@]+@\d+\.\d+\.\d+\/?$/.test(target), target);
    assert(architecture.includes(`\`${name}\``), `${name} has no reason`);
  }
});

Deno.test("servers and clients import packages through packages/, as pinned in import_map.json", async () => {
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

Deno.test("development rooms import every package of tests/import_map.json", async () => {
  const imported = (await packageImports())
    .filter(([path]) => developmentRooms.includes(roomOf(path)));
  const unused = [...developed.values()].filter((target) =>
    !imported.some(([, specifier]) => isOf(specifier, target))
  );
  assertEquals(unused, []);
});

Deno.test("both configurations give tests the same permissions", async () => {
  const [top, tests] = await Promise.all(
    ["deno.json", "tests/deno.json"].map(async (path) =>
      JSON.parse(await Deno.readTextFile(projectFolder + path)).test
    ),
  );
  assertEquals(top, tests);
});

Deno.test("tests use the versions of packages that servers use", async () => {
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

Deno.test("deno.lock has the packages of import_map.json, and no others", async () => {
  const [lock, map] = await Promise.all(
    ["deno.lock", "import_map.json"].map(async (path) =>
      JSON.parse(await Deno.readTextFile(projectFolder + path))
    ),
  );
  const packages = Object.values<string>(map.imports)
    .map((target) => target.replace(/^npm:\/?|\/$/g, "")).sort();
  const locked = Object.keys(lock.specifiers)
    .map((specifier) => specifier.replace("npm:", "")).sort();
  assertEquals(locked, packages);
  const needed = new Set<string>();
  const need = (name: string) => {
    const [entry] = name in lock.npm ? [name] : Object.keys(lock.npm)
      .filter((each) => each.startsWith(`${name}@`));
    if (needed.has(entry)) return;
    needed.add(entry);
    const { dependencies = [], optionalDependencies = [] } = lock.npm[entry];
    for (const other of [...dependencies, ...optionalDependencies]) need(other);
  };
  for (const name of packages) need(name);
  assertEquals(Object.keys(lock.npm).sort(), [...needed].sort());
});

/** The rooms of a file and of all its direct and indirect imports. */
async function reachableRooms(path: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const walk = async (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = await Deno.readTextFile(projectFolder + path);
    for (const target of importsOf(path, text)) await walk(target);
  };
  await walk(path);
  return new Set([...seen].map(roomOf));
}

Deno.test("a client imports no packages", async () => {
  const rooms = [...await reachableRooms("client/mod.ts")].sort();
  assertEquals(rooms, ["client", "protocol", "runtime"]);
});

/** All files that a file loads at once: its static imports, and theirs. */
async function loadedFiles(path: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const walk = async (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = await Deno.readTextFile(projectFolder + path);
    // Types are not loaded, nor is what `import()` names.
    const code = text.replaceAll(/^import type [^;]*;/gm, "")
      .replaceAll(/\bimport\([^)]*\)/g, "");
    for (const target of importsOf(path, code)) await walk(target);
  };
  await walk(path);
  return seen;
}

Deno.test("a server without a data folder loads nothing of storage/", async () => {
  for (const path of ["server.ts", "commands/up.ts", "mod.ts"]) {
    const rooms = new Set([...await loadedFiles(path)].map(roomOf));
    assert(rooms.has("server"), path);
    assert(!rooms.has("storage"), path);
  }
  assert((await reachableRooms("server.ts")).has("storage"));
});

Deno.test("a server without tokens loads nothing of identity/", async () => {
  for (const path of ["server.ts", "commands/up.ts", "mod.ts"]) {
    const rooms = new Set([...await loadedFiles(path)].map(roomOf));
    assert(rooms.has("server") && rooms.has("server/settings"), path);
    assert(!rooms.has("identity"), path);
  }
  const files = await loadedFiles("commands/token.ts");
  assert(files.has("identity/token.ts"));
});

Deno.test("the gateways load the HTTP parser for their first connection", async () => {
  for (const path of ["gateways/http/http_kind.ts", "gateways/gateways.ts"]) {
    const files = await loadedFiles(path);
    assert(files.has(path) && !files.has("packages/http_parser.ts"), path);
  }
  const files = await loadedFiles("gateways/http/strict_parser.ts");
  assert(files.has("packages/http_parser.ts"));
});

Deno.test("a server without gateways loads nothing of gateways/", async () => {
  for (const path of ["server.ts", "commands/up.ts", "mod.ts"]) {
    const files = await loadedFiles(path);
    const found = [...files].filter((file) => file.startsWith("gateways/"));
    assertEquals(found, [], path);
    assert(!files.has("packages/http_parser.ts"), path);
  }
  assert((await reachableRooms("server.ts")).has("gateways"));
});

// These count dynamic imports too, as Deno fetches their packages.
Deno.test("the library imports neither the command line nor the dashboard", async () => {
  const rooms = await reachableRooms("mod.ts");
  assert(rooms.has("server") && rooms.has("server/settings"));
  for (const room of ["admin", "cli", "commands", "server.ts"]) {
    assert(!rooms.has(room), room);
  }
});

Deno.test("a token is made without the package that draws QR codes", async () => {
  const files = await loadedFiles("commands/token.ts");
  assert(files.has("commands/app_options.ts"));
  assert(!files.has("packages/qr.ts"));
  assert((await loadedFiles("commands/app_sheet.ts")).has("packages/qr.ts"));
});
