/**
 * The command `herd` and its subcommands.
 *
 * @module
 */
import type { PermissionKind } from "./cli/command_line.ts";
import { runProgram } from "./cli/exit.ts";
import { UsageError } from "./cli/arguments.ts";
import { print } from "./cli/print.ts";
import manifest from "./deno.json" with { type: "json" };

/** A subcommand. */
interface Command {
  readonly usage: string;
  readonly help: string;
  /** The kinds of permissions that it cannot do without. */
  readonly kinds: readonly PermissionKind[];
  /** Imports its code. The code of the other subcommands is not loaded. */
  readonly load: () => Promise<(args: readonly string[]) => Promise<void>>;
}

const commands: Readonly<Record<string, Command>> = {
  up: {
    usage: "up",
    help: "run every server of the herd",
    kinds: ["net", "write"],
    load: async () => (await import("./commands/up.ts")).up,
  },
  serve: {
    usage: "serve NAME",
    help: "run one server",
    kinds: ["net", "write"],
    load: async () => (await import("./server.ts")).serve,
  },
  send: {
    usage: "send NAME 'LINE'",
    help: "send one line to one server, print the answer",
    kinds: ["net"],
    load: async () => (await import("./commands/send.ts")).send,
  },
  client: {
    usage: "client NAME",
    help: "connect a prompt or a pipe to one server",
    kinds: ["net"],
    load: async () => (await import("./commands/client.ts")).client,
  },
  phones: {
    usage: "phones",
    help: "run simulated phones that check every answer",
    kinds: ["net"],
    load: async () => (await import("./commands/phones.ts")).phones,
  },
  status: {
    usage: "status [NAME...]",
    help: "show the state of the servers",
    kinds: ["net"],
    load: async () => (await import("./commands/status.ts")).status,
  },
  forget: {
    usage: "forget CLIENT",
    help: "delete what was heard about a client, on every server",
    kinds: ["net"],
    load: async () => (await import("./commands/forget.ts")).forget,
  },
  database: {
    usage: "database migrate",
    help: "give the database of a history its schema",
    kinds: ["net"],
    load: async () => (await import("./commands/database.ts")).database,
  },
  where: {
    usage: "where CLIENT",
    help: "show where a client was, from the servers' histories",
    kinds: ["net"],
    load: async () => (await import("./commands/where.ts")).where,
  },
  import: {
    usage: "import FILE",
    help: "add the positions of a file to a server's history",
    kinds: ["net", "read"],
    load: async () => (await import("./commands/import.ts")).importFile,
  },
  backup: {
    usage: "backup FOLDER",
    help: "copy the data folders of servers, also while they run",
    kinds: ["read", "write"],
    load: async () => (await import("./commands/backup.ts")).backup,
  },
  restore: {
    usage: "restore FOLDER",
    help: "put a backup into data folders",
    kinds: ["read", "write"],
    load: async () => (await import("./commands/backup.ts")).restore,
  },
  places: {
    usage: "places POSITION RADIUS BOUND",
    help: "query a places service, as a server would",
    kinds: [],
    load: async () => (await import("./commands/places.ts")).places,
  },
  stats: {
    usage: "stats [LOGS...]",
    help: "summarize the servers' logs",
    kinds: ["read"],
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  trace: {
    usage: "trace CLIENT [LOGS...]",
    help: "show the path of a report, from the logs",
    kinds: ["read"],
    load: async () => (await import("./commands/trace.ts")).trace,
  },
  token: {
    usage: "token create|inspect|key",
    help: "make keys and tokens, show what is in a token",
    kinds: [],
    load: async () => (await import("./commands/token.ts")).token,
  },
};

const help = `A herd of servers that know where their clients are.

Usage: herd COMMAND [flags]

${
  Object.values(commands)
    .map(({ help, usage }) => `  ${usage.padEnd(30)} ${help}`)
    .join("\n")
}

  --help                         this text; after a command, its flags
  --version                      the version`;

async function herd(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    return print(help);
  }
  if (name === "--version") return print(`herd ${manifest.version}`);
  if (!Object.hasOwn(commands, name)) {
    throw new UsageError(
      `no command is called ${name}; there are ` +
        Object.keys(commands).join(", "),
    );
  }
  const run = await commands[name].load();
  await run(rest);
}

/** The kinds of permissions that a command cannot do without. */
function kindsOf([name = ""]: readonly string[]): Command["kinds"] {
  return Object.hasOwn(commands, name) ? commands[name].kinds : [];
}

/** The command whose `--help` a usage error names: `herd`, or `herd NAME`. */
function commandOf([name = ""]: readonly string[]): string {
  return Object.hasOwn(commands, name) ? `herd ${name}` : "herd";
}

if (import.meta.main) {
  const { args } = Deno;
  await runProgram("herd", () => herd(args), commandOf(args), kindsOf(args));
}
