/**
 * `herd client NAME`: talks to one server. On a terminal it is a prompt, and
 * answers are explained; in a pipe bytes go in and out as they are.
 *
 * @module
 */
import { describeFlags, readArguments, UsageError } from "../cli/arguments.ts";
import { SetupError, setupError } from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import {
  closeQuietly,
  isConnectionEnd,
  type Transport,
  writeAllBytes,
} from "../runtime/transport.ts";
import {
  type ClientPort,
  clientTargetFlags,
  readClientTarget,
} from "../server/settings/client_target.ts";
import { namesOf, serverNamed } from "../server/settings/settings.ts";
import { runPrompt } from "./client_prompt.ts";
import { connectTo, printAll, requirePortPermission } from "./connect.ts";
import { promptHelp } from "./prompt_help.ts";

const readBufferBytes = 64 * 1024;

const help = `Talks to one server, line by line.

Usage: herd client NAME [flags]

  herd client Hill
  printf 'WHATSAT kiwi 10 5\\n' | herd client Hill

In a pipe, bytes go to the server and come from it as they are. On a terminal
there is a prompt:

${promptHelp}

${describeFlags(clientTargetFlags)}`;

/** Runs the command. */
export async function client(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, clientTargetFlags);
  if (parsed.flags.has("help")) return print(help);
  const { portOf, topology } = await readClientTarget(parsed);
  const [name, ...words] = parsed.positionals;
  if (name === undefined || words.length > 0) {
    throw new UsageError(
      `expected one server's name: ${namesOf(topology)}`,
    );
  }
  const port = portOf(serverNamed(topology, name));
  const address = await requirePortPermission(port);
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) {
    return await runPrompt(name, port, address);
  }
  await pipe(port, address);
}

/** Sends stdin, and writes to stdout what comes, until the server ends. */
async function pipe(port: ClientPort, address: string): Promise<void> {
  const connection = await connectTo(port);
  const lost = (error: unknown): never => {
    throw setupError(`the connection to ${address} is lost`, error);
  };
  try {
    // The server may end before stdin does.
    await Promise.race([
      printAll(connection, lost),
      send(connection, lost).then(() => new Promise<never>(() => {})),
    ]);
    if (connection.wasTruncated) {
      throw new SetupError(`the stream from ${address} was cut off`);
    }
  } finally {
    closeQuietly(connection);
  }
}

async function send(
  connection: Transport,
  lost: (error: unknown) => never,
): Promise<void> {
  const buffer = new Uint8Array(readBufferBytes);
  let count;
  while ((count = await Deno.stdin.read(buffer)) !== null) {
    try {
      await writeAllBytes(connection, buffer.subarray(0, count));
    } catch (error) {
      // Then the end of what comes says more, and comes first.
      if (isConnectionEnd(error)) return;
      lost(error);
    }
  }
  // It may have ended already.
  await connection.closeWrite().catch(() => {});
}
