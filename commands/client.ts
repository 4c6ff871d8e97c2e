/**
 * `herd client NAME`: connects to one server. On a terminal it is a prompt that
 * explains answers. In a pipe it copies bytes unchanged.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { print } from "../cli/print.ts";
import {
  clientTargetFlags,
  readClientTarget,
} from "../server/settings/client_target.ts";
import { namesOf, serverNamed } from "../server/settings/settings.ts";
import { runPrompt } from "./client_prompt.ts";
import { exchangeWith, requirePortPermission } from "./connect.ts";
import { promptHelp } from "./prompt_help.ts";
import { readTimeout, timeoutFlag } from "./timeout.ts";
import { readTimeFlag, timeFlag } from "./typed_line.ts";

const clientFlags: Flags = {
  time: { ...timeFlag, help: `${timeFlag.help} (prompt)` },
  timeout: timeoutFlag,
  ...clientTargetFlags,
};

const help = `Connects to one server.

Usage: herd client NAME [flags]

  herd client Hill
  printf 'WHATSAT kiwi 10 5\\n' | herd client Hill

In a pipe, bytes are copied unchanged in both directions, and the exit status is
1 if a line is not answered. On a terminal there is a prompt:

${promptHelp}

${describeFlags(clientFlags)}`;

export async function client(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, clientFlags);
  if (parsed.flags.has("help")) return print(help);
  const { portOf, sources, topology } = await readClientTarget(parsed);
  const [name, ...words] = parsed.positionals;
  if (name === undefined || words.length > 0) {
    throw new UsageError(
      `expected one server's name: ${namesOf(topology)}`,
    );
  }
  const timeoutMs = readTimeout(parsed);
  const time = readTimeFlag(parsed);
  const port = portOf(serverNamed(topology, name));
  const address = await requirePortPermission(port, sources);
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) {
    return await runPrompt({ name, port, address, time, timeoutMs });
  }
  if (time !== undefined) {
    throw new UsageError("--time is for the prompt, not for a pipe");
  }
  await exchangeWith(port, Deno.stdin.readable, timeoutMs);
}
