/**
 * `herd where CLIENT`: asks the servers where a client was, at their
 * administration ports, and prints one position or a track.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { SetupError, setupError } from "../cli/exit.ts";
import { formatDateTime, localZone } from "../cli/local_time.ts";
import { print, printBytes } from "../cli/print.ts";
import { note } from "../cli/write.ts";
import { positionFormats } from "../history/formats/formats.ts";
import { TrackPlot } from "../history/formats/track_plot.ts";
import { readPastPosition } from "../history/past_position.ts";
import { type PastQuery, readHistories } from "../history/ports.ts";
import { unescapeBytes } from "../log/escape.ts";
import { bytesOfText, encodeBytes } from "../protocol/bytes.ts";
import { compareTimestamps, parseTimestamp } from "../protocol/time.ts";
import {
  readWrittenTime,
  type TimeZone,
  utc,
} from "../protocol/written_time.ts";
import { SystemClock } from "../runtime/clock.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import { adminPortFlags, readAdminPorts } from "./admin_ports.ts";

/** Text is written in pieces of about this size, in bytes. */
const pieceBytes = 64 * 1024;

/** Later than every position that is recorded: the year 5138. */
const latest = "99999999999";

const formats = Object.keys(positionFormats);

const whereFlags: Flags = {
  at: { value: "TIME", help: "the last position at or before this time (now)" },
  from: { value: "TIME", help: "all positions from this time on" },
  to: { value: "TIME", help: "all positions until this time" },
  utc: { help: "read and show times in UTC, not in this machine's time zone" },
  format: { value: "FORMAT", help: `${formats.join(", ")} (table)` },
  svg: { value: "FILE", help: "draw the positions as a track" },
  ...adminPortFlags,
};

const help = `Shows where a client was.

Usage: herd where CLIENT [flags]

  herd where kiwi.cs.ucla.edu
  herd where kiwi.cs.ucla.edu --at 'yesterday 14:00'
  herd where kiwi.cs.ucla.edu --from yesterday --to today --format gpx
  herd where -- -an-id-that-begins-with-a-dash

CLIENT is an ID as the log writes it. TIME is now, today, yesterday 14:00,
2 hours ago, 2026-12-01 14:00, 2026-12-01T14:00:00Z, or POSIX seconds. The
command asks all servers of the herd at their administration ports: each has
recorded the reports that it heard itself, with --history. A report that several
servers have recorded is shown once. The exit status is 1 if there is no such
position, or if a server does not answer.

${describeFlags(whereFlags)}`;

export async function where(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, whereFlags, "an ID that begins with -");
  const { flags } = parsed;
  if (flags.has("help")) return print(help);
  const query = readQuery(parsed);
  const createFormat = positionFormats[readFormat(parsed)];
  const { require, topology } = await readAdminPorts(parsed);
  const { servers } = topology;
  const requests = await require(servers);
  const svgPath = flags.get("svg");
  if (svgPath !== undefined) {
    await requirePermissions([{ name: "write", path: svgPath }]);
  }
  const client = unescapeBytes(bytesOfText(query.id));
  const isUtc = flags.has("utc");
  const format = createFormat({
    client,
    formatDateTime: (seconds) => formatDateTime(seconds, isUtc),
    zoneName: isUtc ? "UTC" : "local",
  });
  const reasons: string[] = [];
  const ports = servers.map((entry) => ({
    name: entry.name,
    fetch: (path: string, init: RequestInit) =>
      requests.fetch(entry, path, init),
    address: requests.addressOf(entry),
  }));
  const records = readHistories(ports, query, ({ address, name }, reason) => {
    reasons.push(`${name} (${address}) has not answered: ${reason}`);
  });
  const plot = new TrackPlot(client);
  let [text, count] = ["", 0];
  for await (const record of records) {
    const position = readPastPosition(record);
    text += (count === 0 ? format.start : "") +
      format.position(position, count === 0);
    count += 1;
    if (svgPath !== undefined) plot.add(position);
    if (text.length < pieceBytes) continue;
    await printBytes(encodeBytes(text));
    text = "";
  }
  if (reasons.length === ports.length) throw new SetupError(reasons[0]);
  if (count > 0) await printBytes(encodeBytes(text + format.end));
  if (count > 0 && svgPath !== undefined) await write(svgPath, plot.draw().svg);
  for (const reason of reasons) note(`herd: ${reason}`);
  if (count === 0) {
    throw new SetupError(
      `there is no recorded position of ${query.id} for this time`,
    );
  }
  if (reasons.length > 0) Deno.exitCode = 1;
}

function readFormat({ flags }: Arguments): string {
  const name = flags.get("format") ?? formats[0];
  if (Object.hasOwn(positionFormats, name)) return name;
  throw new UsageError(
    `--format: expected ${formats.join(", ")}, found ${name}`,
  );
}

function readQuery(args: Arguments): PastQuery {
  const [id, ...others] = args.positionals;
  if (id === undefined || id === "") {
    throw new UsageError("expected a client's ID");
  }
  if (others.length > 0) {
    throw new UsageError(`expected one client's ID, found ${others[0]} too`);
  }
  const zone = args.flags.has("utc") ? utc : localZone;
  const [at, from, to] = ["at", "from", "to"]
    .map((name) => readTime(args, name, zone));
  if (from === undefined && to === undefined) return { id, at: at ?? latest };
  if (at !== undefined) {
    throw new UsageError("--at gives one position: leave out --from and --to");
  }
  const isTurned = from !== undefined && to !== undefined &&
    compareTimestamps(parseTimestamp(from), parseTimestamp(to)) > 0;
  if (isTurned) throw new UsageError("--from is later than --to");
  return { id, from, to };
}

/** The digits of a time that a flag gives; undefined if it does not. */
function readTime(
  { flags }: Arguments,
  name: string,
  zone: TimeZone,
): string | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const time = readWrittenTime(text, { now: new SystemClock().now(), zone });
  if ("digits" in time) return time.digits;
  throw new UsageError(`--${name}: ${time.fault}`);
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw setupError(path, error);
  }
}
