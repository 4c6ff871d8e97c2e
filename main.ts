/**
 * The command `herd`: brings the herd up, serves one server, asks a question.
 *
 * @module
 */
import { runProgram } from "./cli/exit.ts";
import { UsageError } from "./cli/arguments.ts";
import { print } from "./cli/print.ts";
import { client } from "./commands/client.ts";
import { phones } from "./commands/phones.ts";
import { places } from "./commands/places.ts";
import { send } from "./commands/send.ts";
import { status } from "./commands/status.ts";
import { stats } from "./commands/stats.ts";
import { trace } from "./commands/trace.ts";
import { up } from "./commands/up.ts";
import manifest from "./deno.json" with { type: "json" };
import { serve } from "./server.ts";

/** A subcommand. */
interface Command {
  readonly usage: string;
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  up: { usage: "up", help: "run every server of the herd", run: up },
  serve: { usage: "serve NAME", help: "run one server", run: serve },
  send: {
    usage: "send NAME 'LINE'",
    help: "ask one server one question",
    run: send,
  },
  client: {
    usage: "client NAME",
    help: "talk to one server, at a prompt or through a pipe",
    run: client,
  },
  phones: {
    usage: "phones",
    help: "simulated phones, and whether they are answered rightly",
    run: phones,
  },
  status: {
    usage: "status [NAME...]",
    help: "how the servers are",
    run: status,
  },
  places: {
    usage: "places POSITION RADIUS BOUND",
    help: "ask a places service, as a server would",
    run: places,
  },
  stats: {
    usage: "stats [LOGS...]",
    help: "sum the servers' logs up",
    run: stats,
  },
  trace: {
    usage: "trace CLIENT [LOGS...]",
    help: "show the way of a client's report, from the logs",
    run: trace,
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
  await commands[name].run(rest);
}

/** The command whose help is about what was typed. */
function commandOf([name = ""]: readonly string[]): string {
  return Object.hasOwn(commands, name) ? `herd ${name}` : "herd";
}

if (import.meta.main) {
  const { args } = Deno;
  await runProgram("herd", () => herd(args), commandOf(args));
}
