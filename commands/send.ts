/**
 * `herd send NAME 'LINE'`: sends one line to one server and prints the answer.
 *
 * @module
 */
import { describeFlags, readArguments, UsageError } from "../cli/arguments.ts";
import { setupError } from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { bytesOfText } from "../protocol/bytes.ts";
import { closeQuietly, writeAll } from "../runtime/transport.ts";
import {
  type ClientPort,
  clientTargetFlags,
  readClientTarget,
} from "../server/settings/client_target.ts";
import { serverNamed } from "../server/settings/settings.ts";
import { connectTo, printAll, requirePortPermission } from "./connect.ts";

const help = `Sends one line to one server and prints the answer.

Usage: herd send NAME 'LINE' [flags]

  herd send Hill 'IAMAT kiwi +34.068930-118.445127 1520023934.918963997'
  herd send Campbell 'WHATSAT kiwi 10 5'

${describeFlags(clientTargetFlags)}`;

export async function send(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, clientTargetFlags);
  if (parsed.flags.has("help")) return print(help);
  const [name, ...words] = parsed.positionals;
  if (name === undefined || words.length === 0) {
    throw new UsageError("expected a server's name and a line");
  }
  const { portOf, topology } = await readClientTarget(parsed);
  await request(portOf(serverNamed(topology, name)), words.join(" "));
}

async function request(port: ClientPort, line: string): Promise<void> {
  const address = await requirePortPermission(port);
  const failed = (error: unknown): never => {
    throw setupError(`the connection to ${address} was lost`, error);
  };
  const connection = await connectTo(port);
  try {
    await writeAll(connection, bytesOfText(line) + "\n").catch(failed);
    await connection.closeWrite().catch(failed);
    await printAll(connection, failed);
  } finally {
    closeQuietly(connection);
  }
}
