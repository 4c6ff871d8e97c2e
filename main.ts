/**
 * The command `herd`: brings the herd up, serves one server, asks a question.
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
  /** Loads it: nobody waits for the code of the others. */
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
    help: "ask one server one question",
    load: async () => (await import("./commands/send.ts")).send,
  },
  client: {
    usage: "client NAME",
    help: "talk to one server, at a prompt or through a pipe",
    load: async () => (await import("./commands/client.ts")).client,
  },
  phones: {
    usage: "phones",
    help: "simulated phones, and whether they are answered rightly",
    load: async () => (await import("./commands/phones.ts")).phones,
  },
  status: {
    usage: "status [NAME...]",
    help: "how the servers are",
    load: async () => (await import("./commands/status.ts")).status,
  },
  places: {
    usage: "places POSITION RADIUS BOUND",
    help: "ask a places service, as a server would",
    load: async () => (await import("./commands/places.ts")).places,
  },
  stats: {
    usage: "stats [LOGS...]",
    help: "sum the servers' logs up",
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  trace: {
    usage: "trace CLIENT [LOGS...]",
    help: "show the way of a client's report, from the logs",
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

/** The command whose help is about what was typed. */
function commandOf([name = ""]: readonly string[]): string {
  return Object.hasOwn(commands, name) ? `herd ${name}` : "herd";
}

if (import.meta.main) {
  const { args } = Deno;
  await runProgram("herd", () => herd(args), commandOf(args));
}
