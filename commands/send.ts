/**
 * `herd send NAME 'LINE'`: sends one line to one server and prints the answer.
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
import { bytesOfText, encodeBytes } from "../protocol/bytes.ts";
import { SystemClock } from "../runtime/clock.ts";
import {
  clientTargetFlags,
  readClientTarget,
} from "../server/settings/client_target.ts";
import { serverNamed } from "../server/settings/settings.ts";
import { exchangeWith, requirePortPermission } from "./connect.ts";
import { readTimeout, timeoutFlag } from "./timeout.ts";
import { insertTime, readTimeFlag, timeFlag } from "./typed_line.ts";

const sendFlags: Flags = {
  time: timeFlag,
  timeout: timeoutFlag,
  ...clientTargetFlags,
};

const help = `Sends one line to one server and prints the answer.

Usage: herd send NAME 'LINE' [flags]

  herd send Hill 'IAMAT kiwi +34.068930-118.445127 now'
  herd send Hill 'IAMAT kiwi +34.068930-118.445127 1520023934.918963997'
  herd send Hill 'IAMAT kiwi +34.068930-118.445127 2018-03-02T20:52:14.9Z'
  herd send Hill 'IAMAT kiwi +34.068930-118.445127' --time now
  herd send Campbell 'WHATSAT kiwi 10 5'
  herd send Campbell -- '-a line that begins with a dash'

An IAMAT's time is POSIX seconds, ISO 8601 with its zone, or now for the present
time. The exit status is 0 if the server answers, also with ?, and 1 otherwise.

${describeFlags(sendFlags)}`;

export async function send(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, sendFlags, "a line that begins with -");
  if (parsed.flags.has("help")) return print(help);
  const [name, ...words] = parsed.positionals;
  if (name === undefined || words.length === 0) {
    throw new UsageError("expected a server's name and a line");
  }
  const timeoutMs = readTimeout(parsed);
  const time = readTimeFlag(parsed);
  const typed = words.join(" ");
  const timed = insertTime(typed, new SystemClock().now(), time);
  if ("fault" in timed) throw new UsageError(timed.fault);
  const { line } = timed;
  if (time !== undefined && line === typed) {
    throw new UsageError(
      `--time is for an IAMAT without its time, found ${typed}`,
    );
  }
  const { portOf, sources, topology } = await readClientTarget(parsed);
  const port = portOf(serverNamed(topology, name));
  await requirePortPermission(port, sources);
  const input = [encodeBytes(`${bytesOfText(line)}\n`)];
  await exchangeWith(port, ReadableStream.from(input), timeoutMs);
}
