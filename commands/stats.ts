/**
 * `herd stats logs/`: summarizes the servers' logs.
 *
 * @module
 */
import { describeFlags, type Flags, readArguments } from "../cli/arguments.ts";
import { setupError } from "../cli/exit.ts";
import { createPaint, isColoured } from "../cli/paint.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import { print } from "../cli/print.ts";
import { note } from "../cli/write.ts";
import { sumUp } from "../log_analysis/herd_stats.ts";
import { findLogs } from "../log_analysis/log_folder.ts";
import { sizeOf } from "../log_analysis/read_logs.ts";
import { statsData } from "../log_analysis/stats_json.ts";
import { statsPlot } from "../log_analysis/stats_plot.ts";
import { describeStats } from "../log_analysis/stats_text.ts";
import { showReadProgress } from "./read_progress.ts";

const statsFlags: Flags = {
  svg: { value: "FILE", help: "draw updates, links and reply times over time" },
  json: { help: "print JSON, times in microseconds" },
};

const help = `Summarizes the servers' logs.

Usage: herd stats [LOGS...] [flags]

  herd stats logs/
  herd stats logs/ --svg logs/stats.svg

LOGS are folders of logs, or single files (logs).

${describeFlags(statsFlags)}`;

export async function stats(args: readonly string[]): Promise<void> {
  const { flags, positionals } = readArguments(args, statsFlags);
  if (flags.has("help")) return print(help);
  const svgPath = flags.get("svg");
  const paths = positionals.length > 0 ? positionals : ["logs"];
  if (svgPath !== undefined) {
    await requirePermissions([
      { name: "write", path: svgPath },
      ...paths.map((path) => ({ name: "read" as const, path })),
    ]);
  }
  const logs = await findLogs(paths, note);
  using reading = showReadProgress(sizeOf(logs));
  const herd = await sumUp(logs, reading);
  reading[Symbol.dispose]();
  if (svgPath !== undefined) await write(svgPath, statsPlot(herd).svg);
  print(
    flags.has("json")
      ? JSON.stringify(statsData(herd), null, 2)
      : describeStats(herd, createPaint(isColoured(Deno.stdout))),
  );
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw setupError(path, error);
  }
}
