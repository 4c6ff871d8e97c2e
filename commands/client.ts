/**
 * `herd client NAME`: connects to one server. On a terminal it is a prompt that
 * explains answers. In a pipe it copies bytes unchanged.
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

const help = `Connects to one server.

Usage: herd client NAME [flags]

  herd client Hill
  printf 'WHATSAT kiwi 10 5\\n' | herd client Hill

In a pipe, bytes are copied unchanged in both directions. On a terminal there is
a prompt:

${promptHelp}

${describeFlags(clientTargetFlags)}`;

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

/**
 * Copies stdin to the server, and the server's bytes to stdout, until the server
 * closes the connection.
 */
async function pipe(port: ClientPort, address: string): Promise<void> {
  const connection = await connectTo(port);
  const lost = (error: unknown): never => {
    throw setupError(`the connection to ${address} was lost`, error);
  };
  try {
    // The server may close the connection before stdin ends.
    await Promise.race([
      printAll(connection, lost),
      send(connection, lost).then(() => new Promise<never>(() => {})),
    ]);
    if (connection.wasTruncated) {
      throw new SetupError(`the stream from ${address} was truncated`);
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
      // The reader reports the end of the connection after all output.
      if (isConnectionEnd(error)) return;
      lost(error);
    }
  }
  // The connection may have ended already.
  await connection.closeWrite().catch(() => {});
}
