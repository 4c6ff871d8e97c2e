import { assert, assertEquals } from "./assert.ts";
import { projectFolder } from "./end_to_end/process.ts";

/**
 * Who may import whom: each room, the rooms and files within it that have arrows
 * of their own, and the rooms and files that each may use. Nothing else is
 * allowed, and there is no way round in a circle.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "packages": [],
  "protocol": [],
  "runtime": ["protocol"],
  "replica": ["protocol", "runtime"],
  "peers": ["protocol"],
  "peers/store": ["peers", "protocol"],
  "peers/replication": ["peers", "peers/store", "protocol"],
  "peers/links": [
    "peers",
    "peers/replication",
    "protocol",
    "replica",
    "runtime",
  ],
  "peers/flood_replica.ts": [
    "peers/links",
    "peers/replication",
    "protocol",
    "replica",
    "runtime",
  ],
  "places": ["packages", "protocol", "runtime"],
  "sessions": ["protocol", "replica", "runtime"],
  "log": ["packages", "protocol", "runtime"],
  "server/status": ["peers", "runtime"],
  "admin": [
    "deno.json",
    "log",
    "packages",
    "protocol",
    "replica",
    "runtime",
    "server/status",
  ],
  "cli": ["packages", "runtime"],
  "log_analysis/plots": [],
  "log_analysis": [
    "cli",
    "log",
    "log_analysis/plots",
    "packages",
    "peers/replication",
    "peers/store",
    "protocol",
  ],
  "herd.json": [],
  "deno.json": [],
  "client": ["protocol", "runtime"],
  "phones": ["cli", "client", "packages", "protocol", "runtime"],
  "server/describe_status.ts": [
    "log",
    "places",
    "replica",
    "runtime",
    "server/status",
    "sessions",
  ],
  "server/server_events.ts": ["log", "runtime", "server/status"],
  "server/herd_server.ts": [
    "log",
    "places",
    "protocol",
    "replica",
    "runtime",
    "server/describe_status.ts",
    "server/server_events.ts",
    "server/status",
    "sessions",
  ],
  "server/settings": [
    "cli",
    "herd.json",
    "log",
    "peers",
    "places",
    "runtime",
    "sessions",
  ],
  "server": [
    "cli",
    "log",
    "peers",
    "peers/flood_replica.ts",
    "places",
    "replica",
    "runtime",
    "server/herd_server.ts",
    "server/server_events.ts",
    "server/settings",
    "server/status",
  ],
  "server.ts": [
    "admin",
    "cli",
    "peers",
    "runtime",
    "server",
    "server/herd_server.ts",
    "server/settings",
    "server/status",
  ],
  "commands": [
    "cli",
    "client",
    "log",
    "log_analysis",
    "packages",
    "peers",
    "phones",
    "places",
    "protocol",
    "runtime",
    "server.ts",
    "server/herd_server.ts",
    "server/settings",
    "server/status",
  ],
  "main.ts": ["cli", "commands", "deno.json", "server.ts"],
  "mod.ts": [
    "client",
    "herd.json",
    "log",
    "peers",
    "places",
    "protocol",
    "runtime",
    "server.ts",
    "server/settings",
    "server/status",
    "sessions",
  ],
  "deploy": [],
  "examples": ["client"],
  "tools": ["cli", "places", "tests"],
  "bench": [
    "cli",
    "herd.json",
    "log_analysis/plots",
    "peers/links",
    "peers/replication",
    "protocol",
    "research",
    "runtime",
    "tests",
  ],
  "research": ["bench", "cli", "log_analysis/plots", "tests"],
};

/** Rooms that do no I/O and know no clock but one that is passed in. */
const pureFiles = [
  "protocol/",
  "replica/",
  "peers/",
  "sessions/",
  "runtime/semaphore.ts",
  "server/status/",
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
  "places/semaphore.ts",
  "log/escape.ts",
  "log/parse.ts",
  "log/record.ts",
  "phones/",
  "commands/explain_refusal.ts",
  "commands/prompt_help.ts",
  "commands/show_reply.ts",
  "commands/typed_line.ts",
  "log_analysis/client_names.ts",
  "log_analysis/report_trace.ts",
  "log_analysis/histogram.ts",
  "log_analysis/line_kinds.ts",
  "log_analysis/link_state.ts",
  "log_analysis/link_times.ts",
  "log_analysis/path_tree.ts",
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

/** The folder of a file that the table names, or the file itself. */
function roomOf(path: string): string {
  const names = path.split("/");
  const nested = names.slice(0, 2).join("/");
  return nested in allowed ? nested : names[0];
}

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
      /(?<=(?:mit|vent)\()[^()]*"(?:debug|info|warning|error)",\s*(?:[\w"]+,\s*)?"([^"]+)"/g,
    );
    for (const [, event] of told) events.add(event.replaceAll(" ", "-"));
  }
  assert(events.size >= 14, [...events].join());
  for (const event of events) {
    assert(page.includes(`\`${event}\``), `${event} is not in PROTOCOL.md`);
  }
});

/** The rooms that no server and no client loads. */
const developmentRooms = ["bench", "research", "tests", "tools"];

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
