/**
 * `herd trace CLIENT logs/`: shows the path of a client's report through the
 * herd.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
  wholeNumber,
} from "../cli/arguments.ts";
import { createPaint, isColoured } from "../cli/paint.ts";
import { print } from "../cli/print.ts";
import { note } from "../cli/write.ts";
import { findLogs } from "../log_analysis/log_folder.ts";
import { sizeOf } from "../log_analysis/read_logs.ts";
import type { ReportSelection } from "../log_analysis/report_finder.ts";
import { traceClient } from "../log_analysis/trace_client.ts";
import { pathData } from "../log_analysis/trace_json.ts";
import { describePath } from "../log_analysis/trace_text.ts";
import { isTime } from "../protocol/time.ts";
import { showReadProgress } from "./read_progress.ts";

const traceFlags: Flags = {
  last: { value: "COUNT", help: "number of reports, the newest first (1)" },
  all: { help: "all reports of the client" },
  time: { value: "TIME", help: "the report whose IAMAT has this time" },
  json: { help: "print JSON, times in microseconds" },
};

const help = `Shows the path of a client's report through the herd.

Usage: herd trace CLIENT [LOGS...] [flags]

  herd trace kiwi.cs.ucla.edu logs/
  herd trace kiwi.cs.ucla.edu logs/Hill.log logs/Smith.log --last 3
  herd trace -- -an-id-that-begins-with-a-dash

LOGS are folders of logs, or single files (logs). CLIENT is an ID as it was
sent, or as the log writes it. Times are relative to the receipt by the first
server. Each is by the clock of the server that logged it.

${describeFlags(traceFlags)}`;

export async function trace(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, traceFlags, "an ID that begins with -");
  if (parsed.flags.has("help")) return print(help);
  const [client, ...paths] = parsed.positionals;
  if (client === undefined || client === "") {
    throw new UsageError("expected a client's ID");
  }
  const wanted = readSelection(parsed);
  const logs = await findLogs(paths.length > 0 ? paths : ["logs"], note);
  using reading = showReadProgress(2 * sizeOf(logs));
  const found = await traceClient(logs, client, wanted, reading);
  reading[Symbol.dispose]();
  if (parsed.flags.has("json")) {
    return print(JSON.stringify(found.map(pathData), null, 2));
  }
  const paint = createPaint(isColoured(Deno.stdout));
  print(found.map((path) => describePath(path, paint)).join("\n\n"));
}

function readSelection(parsed: Arguments): ReportSelection {
  const { flags } = parsed;
  const given = ["last", "all", "time"].filter((name) => flags.has(name));
  if (given.length > 1) {
    throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`);
  }
  const time = flags.get("time");
  if (time !== undefined) {
    if (isTime(time)) return { time };
    throw new UsageError(
      `--time: expected POSIX seconds such as 1520023934.9, found ${time}`,
    );
  }
  if (flags.has("all")) return { newest: Infinity };
  return { newest: wholeNumber(parsed, "last", 1, 1_000_000) ?? 1 };
}
