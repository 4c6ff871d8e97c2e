/**
 * `herd send NAME 'LINE'`: asks one server one question and prints the answer.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { SetupError } from "../cli/exit.ts";
import { demand } from "../cli/permissions.ts";
import { bytesOfText } from "../protocol/bytes.ts";
import { SystemClock } from "../runtime/clock.ts";
import { formatAddress } from "../runtime/network.ts";
import { connectSecurely } from "../runtime/secure_transport.ts";
import {
  closeQuietly,
  type Transport,
  writeAll,
  writeAllBytes,
} from "../runtime/transport.ts";
import { readHerd, serverFlags, serverNamed } from "../settings/settings.ts";
import { readAuthority } from "../settings/tls.ts";

const readBufferBytes = 64 * 1024;

const sendFlags: Flags = {
  "base-port": serverFlags["base-port"],
  host: { value: "ADDRESS", help: "where the server is (the herd file's)" },
  config: serverFlags.config,
  "tls-ca": {
    value: "FILE",
    help: "speak TLS to a server whose certificate these have issued",
  },
};

const help = `Sends one line to one server and prints what it answers.

Usage: herd send NAME 'LINE' [flags]

  herd send Hill 'IAMAT kiwi +34.068930-118.445127 1520023934.918963997'
  herd send Campbell 'WHATSAT kiwi 10 5'

${describeFlags(sendFlags)}`;

/** Runs the command. */
export async function send(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, sendFlags);
  if (parsed.flags.has("help")) return console.log(help);
  const [name, ...words] = parsed.words;
  if (name === undefined || words.length === 0) {
    throw new UsageError("expected a server's name and a line");
  }
  const { host, topology } = await readHerd(parsed);
  const server = serverNamed(topology, name);
  const path = parsed.flags.get("tls-ca");
  const authority = path === undefined ? undefined : await readAuthority(path);
  const port = authority === undefined ? server.clientPort : server.tlsPort;
  await ask(host ?? server.host, port, authority, words.join(" "));
}

async function ask(
  hostname: string,
  port: number,
  authority: string | undefined,
  line: string,
): Promise<void> {
  const address = formatAddress(hostname, port);
  await demand([{ name: "net", host: address }]);
  let connection: Transport | undefined;
  try {
    connection = await Deno.connect({ hostname, port });
    if (authority !== undefined) {
      const clock = new SystemClock();
      connection = connectSecurely(connection, hostname, authority, clock);
    }
    await writeAll(connection, bytesOfText(line) + "\n");
    await connection.closeWrite();
    const buffer = new Uint8Array(readBufferBytes);
    let count;
    while ((count = await connection.read(buffer)) !== null) {
      await writeAllBytes(Deno.stdout, buffer.subarray(0, count));
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new SetupError(`nobody answers on ${address}: ${error.message}`);
  } finally {
    if (connection !== undefined) closeQuietly(connection);
  }
}
