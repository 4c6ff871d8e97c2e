/**
 * The command `herd` and its subcommands.
 *
 * @module
 */
import { runProgram } from "./cli/exit.ts";
import { UsageError } from "./cli/arguments.ts";
import { print } from "./cli/print.ts";
import manifest from "./deno.json" with { type: "json" };

/** A subcommand. */
interface Command {
  readonly usage: string;
  readonly help: string;
  /** Imports its code. The code of the other subcommands is not loaded. */
  readonly load: () => Promise<(args: readonly string[]) => Promise<void>>;
}

const commands: Readonly<Record<string, Command>> = {
  up: {
    usage: "up",
    help: "run every server of the herd",
    load: async () => (await import("./commands/up.ts")).up,
  },
  serve: {
    usage: "serve NAME",
    help: "run one server",
    load: async () => (await import("./server.ts")).serve,
  },
  send: {
    usage: "send NAME 'LINE'",
    help: "send one line to one server, print the answer",
    load: async () => (await import("./commands/send.ts")).send,
  },
  client: {
    usage: "client NAME",
    help: "connect to one server, by a prompt or a pipe",
    load: async () => (await import("./commands/client.ts")).client,
  },
  phones: {
    usage: "phones",
    help: "run simulated phones that check every answer",
    load: async () => (await import("./commands/phones.ts")).phones,
  },
  status: {
    usage: "status [NAME...]",
    help: "show the state of the servers",
    load: async () => (await import("./commands/status.ts")).status,
  },
  places: {
    usage: "places POSITION RADIUS BOUND",
    help: "query a places service, as a server would",
    load: async () => (await import("./commands/places.ts")).places,
  },
  stats: {
    usage: "stats [LOGS...]",
    help: "summarize the servers' logs",
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  trace: {
    usage: "trace CLIENT [LOGS...]",
    help: "show the way of a report, from the logs",
    load: async () => (await import("./commands/trace.ts")).trace,
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

/** The command whose `--help` a usage error names: `herd`, or `herd NAME`. */
function commandOf([name = ""]: readonly string[]): string {
  return Object.hasOwn(commands, name) ? `herd ${name}` : "herd";
}

if (import.meta.main) {
  const { args } = Deno;
  await runProgram("herd", () => herd(args), commandOf(args));
}
