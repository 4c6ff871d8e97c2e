/**
 * The rooms of the project and the imports that are allowed between them.
 * `tests/architecture_test.ts` checks every import by this table, and `deno
 * task generate` writes the sketch in docs/ARCHITECTURE.md from it.
 *
 * @module
 */

/** A room: a folder, or a file with its own entry. */
export interface Room {
  /** What the room contains, for docs/ARCHITECTURE.md. */
  readonly holds: string;
  /** The only rooms that it may import. */
  readonly uses: readonly string[];
}

/**
 * All rooms. The architecture test fails on an import that no entry allows, and
 * on circular imports.
 */
export const rooms: Readonly<Record<string, Room>> = {
  "packages": {
    holds: "packages from npm, one file for each",
    uses: [],
  },
  "protocol": {
    holds: "bytes, lines, commands, reports",
    uses: [],
  },
  "runtime": {
    holds: "transports, TLS, clock, permissions, events, counters",
    uses: ["protocol"],
  },
  "replica": {
    holds: "the interface of a server's replica",
    uses: ["protocol", "runtime"],
  },
  "sessions": {
    holds: "clients: their sessions and connections",
    uses: ["identity", "protocol", "replica", "runtime"],
  },
  "peers": {
    holds: "the other servers: topology and limits",
    uses: ["protocol"],
  },
  "peers/store": {
    holds: "the newest reports, their index and digests",
    uses: ["peers", "protocol", "replica"],
  },
  "peers/replication": {
    holds: "flooding, lazy announcements, anti-entropy",
    uses: ["peers", "peers/store", "protocol", "replica"],
  },
  "peers/links": {
    holds: "handshakes, dialling, links to neighbours",
    uses: ["peers", "peers/replication", "protocol", "replica", "runtime"],
  },
  "peers/flood_replica.ts": {
    holds: "the replica that floods: router, links and peer port",
    uses: [
      "peers/links",
      "peers/replication",
      "protocol",
      "replica",
      "runtime",
    ],
  },
  "identity": {
    holds: "tokens and certificates: who may report and see",
    uses: ["protocol", "runtime"],
  },
  "gateways": {
    holds: "phones, trackers and programs: HTTP, MQTT, NMEA",
    uses: [
      "gateways/readers",
      "history",
      "identity",
      "packages",
      "protocol",
      "replica",
      "runtime",
      "sessions",
    ],
  },
  "gateways/readers": {
    holds: "messages of devices, read without I/O",
    uses: ["protocol"],
  },
  "places": {
    holds: "nearby places: one interface, its providers",
    uses: ["packages", "protocol", "runtime"],
  },
  "log": {
    holds: "the log: lines, events, files",
    uses: ["packages", "protocol", "runtime"],
  },
  "storage": {
    holds: "the data folder: the newest reports on disk",
    uses: ["protocol", "replica", "runtime"],
  },
  "storage/history": {
    holds: "every report of clients, recorded",
    uses: ["protocol", "replica", "runtime"],
  },
  "storage/history/postgres": {
    holds: "the history in PostgreSQL",
    uses: [
      "packages",
      "protocol",
      "replica",
      "runtime",
      "storage",
      "storage/history",
    ],
  },
  "server": {
    holds: "opens the ports of servers",
    uses: [
      "gateways",
      "identity",
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
      "sessions",
      "storage",
      "storage/history",
      "storage/history/postgres",
    ],
  },
  "server/herd_server.ts": {
    holds: "one server, composed of the rooms",
    uses: [
      "identity",
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
  },
  "server/describe_status.ts": {
    holds: "collects the status of one server",
    uses: ["log", "places", "replica", "runtime", "server/status", "sessions"],
  },
  "server/server_events.ts": {
    holds: "the events of one server, for its log and observers",
    uses: ["log", "runtime", "server/status"],
  },
  "server/run_servers.ts": {
    holds: "runs servers until a signal",
    uses: [
      "admin",
      "cli",
      "peers",
      "runtime",
      "server",
      "server/herd_server.ts",
      "server/settings",
      "server/status",
    ],
  },
  "server/settings": {
    holds: "the schema of settings, their sources, permissions",
    uses: [
      "herd.json",
      "identity",
      "log",
      "peers",
      "places",
      "protocol",
      "replica",
      "runtime",
      "sessions",
    ],
  },
  "server/status": {
    holds: "the fields of /status.json, and where each is shown",
    uses: ["peers", "protocol", "replica", "runtime"],
  },
  "history": {
    holds: "queries for positions of the past, and formats",
    uses: ["client", "log", "log_analysis/plots", "protocol", "replica"],
  },
  "admin": {
    holds: "the administration port: dashboard, metrics",
    uses: [
      "deno.json",
      "history",
      "identity",
      "log",
      "packages",
      "protocol",
      "replica",
      "runtime",
      "server/status",
    ],
  },
  "cli": {
    holds: "command lines, permissions, terminal output",
    uses: ["packages", "runtime"],
  },
  "client": {
    holds: "the typed client",
    uses: ["protocol", "runtime"],
  },
  "phones": {
    holds: "simulated phones, and checks of their answers",
    uses: ["cli", "client", "packages", "protocol", "runtime"],
  },
  "log_analysis": {
    holds: "traces and statistics from logs",
    uses: [
      "cli",
      "log",
      "log_analysis/plots",
      "packages",
      "peers/replication",
      "peers/store",
      "protocol",
      "runtime",
    ],
  },
  "log_analysis/plots": {
    holds: "plots in SVG",
    uses: [],
  },
  "commands": {
    holds: "the subcommands of `herd`",
    uses: [
      "cli",
      "client",
      "gateways/readers",
      "history",
      "identity",
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
      "server/run_servers.ts",
      "server/settings",
      "server/status",
      "storage/history/postgres",
      "storage",
    ],
  },
  "server.ts": {
    holds: "one server as a program",
    uses: [
      "cli",
      "peers",
      "runtime",
      "server/run_servers.ts",
      "server/settings",
    ],
  },
  "main.ts": {
    holds: "the command `herd`",
    uses: ["cli", "commands", "deno.json", "server.ts"],
  },
  "mod.ts": {
    holds: "the library: client and servers",
    uses: [
      "client",
      "herd.json",
      "history",
      "identity",
      "log",
      "peers",
      "places",
      "protocol",
      "replica",
      "runtime",
      "server",
      "server/settings",
      "server/status",
      "sessions",
    ],
  },
  "herd.json": { holds: "the default herd", uses: [] },
  "deno.json": { holds: "tasks, and the version", uses: [] },
  "examples": {
    holds: "programs that use a herd",
    uses: ["client"],
  },
  "deploy": {
    holds: "an image, and a unit for systemd",
    uses: [],
  },
  "tools": {
    holds: "programs for developers",
    uses: [
      "admin",
      "cli",
      "herd.json",
      "packages",
      "peers",
      "places",
      "runtime",
      "server/settings",
      "tests",
    ],
  },
  "bench": {
    holds: "benchmarks of the product, and their results",
    uses: [
      "cli",
      "herd.json",
      "peers/links",
      "runtime",
      "server.ts",
      "tests",
    ],
  },
  "research": {
    holds: "the paper, the page on performance, experiments",
    uses: [
      "bench",
      "cli",
      "identity",
      "log_analysis/plots",
      "peers/replication",
      "protocol",
      "runtime",
      "tests",
    ],
  },
};

/** The lines around the sketch in docs/ARCHITECTURE.md. */
const sketchStart = "<!-- sketch: written by `deno task generate` -->";
const sketchEnd = "<!-- end of the sketch -->";

/** The widest line of the sketch, in characters. */
const sketchWidth = 80;

/**
 * Replaces the sketch in the text of docs/ARCHITECTURE.md.
 *
 * @throws {Error} If the text has no sketch.
 */
export function withSketch(page: string): string {
  const start = page.indexOf(sketchStart);
  const end = page.indexOf(sketchEnd);
  if (start < 0 || end < start) throw new Error("the page has no sketch");
  const parts = [
    page.slice(0, start + sketchStart.length),
    formatRooms(),
    "An arrow points from a room to one that it imports. Arrows that follow from\n" +
    "others are left out, and so are the two JSON files.",
    formatArrows(),
    page.slice(end),
  ];
  return parts.join("\n\n");
}

const isCode = (room: string) => !room.endsWith(".json");

/** The rooms and their contents as an indented block. */
function formatRooms(): string {
  const names = Object.keys(rooms).filter(isCode).map((room) => {
    const isFile = room.includes(".");
    const parent = room.split("/")[0];
    const isNested = parent !== room && parent in rooms;
    return {
      label: (isNested ? `  ${room.slice(parent.length + 1)}` : room) +
        (isFile ? "" : "/"),
      holds: rooms[room].holds,
    };
  });
  const width = Math.max(...names.map(({ label }) => label.length)) + 2;
  return indented(
    names.map(({ holds, label }) => label.padEnd(width) + holds),
  );
}

/**
 * The arrows between rooms as an indented block, the highest rooms first.
 * Rooms with the same arrows share a line.
 */
function formatArrows(): string {
  const rows = new Map<string, string[]>();
  const names = Object.keys(rooms)
    .map((room) => ({ room, height: heightOf(room) }))
    .sort((one, other) => other.height - one.height)
    .map(({ room }) => room);
  for (const room of names) {
    const targets = arrowsOf(room).join(", ");
    if (targets === "") continue;
    rows.set(targets, [...rows.get(targets) ?? [], room]);
  }
  const labels = [...rows.values()].map((row) => row.join(", "));
  const width = Math.max(...labels.map((label) => label.length));
  return indented(
    [...rows.keys()].flatMap((targets, index) =>
      wrapped(`${labels[index].padEnd(width)} -> `, targets)
    ),
  );
}

/**
 * Wraps a head and the words after it. Further lines begin below the first
 * word, and no line is wider than `sketchWidth`.
 */
function wrapped(head: string, text: string): string[] {
  const lines = [head];
  for (const word of text.split(/(?<=,) /)) {
    const separator = lines.at(-1)!.endsWith(",") ? " " : "";
    const last = lines.at(-1)! + separator + word;
    if (4 + last.length <= sketchWidth) lines[lines.length - 1] = last;
    else lines.push(" ".repeat(head.length) + word);
  }
  return lines;
}

const indented = (lines: readonly string[]) =>
  lines.map((line) => `    ${line}`).join("\n");

/**
 * The rooms that a room imports, except those that follow from other arrows.
 */
function arrowsOf(room: string): string[] {
  const targets = rooms[room].uses
    .filter((target) => target in rooms && isCode(target));
  return targets.filter((target) =>
    !targets.some((other) =>
      other !== target && reachableFrom(other, room).has(target)
    )
  );
}

/** All rooms that imports reach from a room, except through another room. */
function reachableFrom(room: string, except: string): Set<string> {
  const found = new Set<string>();
  const walk = (from: string) => {
    for (const target of rooms[from]?.uses ?? []) {
      if (target === except || found.has(target)) continue;
      found.add(target);
      walk(target);
    }
  };
  walk(room);
  return found;
}

/** The length of the longest path of imports from a room. */
function heightOf(room: string, above: readonly string[] = []): number {
  const below = (rooms[room]?.uses ?? []).filter((to) => !above.includes(to));
  return Math.max(
    0,
    ...below.map((to) => 1 + heightOf(to, [...above, room])),
  );
}
