/**
 * Sums up the logs of a herd, in one reading.
 *
 * @module
 */
import { joinViews, type LinkTimes } from "./link_times.ts";
import type { ServerLog } from "./log_folder.ts";
import {
  nothingIn,
  type ReadingOptions,
  readLog,
  sizeOf,
} from "./read_logs.ts";
import type { RecordCounts } from "./record_reader.ts";
import { ServerStats } from "./server_stats.ts";

/** What the log of one server comes to. */
export interface ServerSummary {
  readonly stats: ServerStats;
  readonly lines: RecordCounts;
  readonly bytes: number;
}

/** What all logs come to. */
export interface HerdStats {
  readonly servers: readonly ServerSummary[];
  readonly links: readonly LinkTimes[];
  /** The first and the last time, in microseconds since 1970. */
  readonly firstUs: number;
  readonly lastUs: number;
}

/**
 * Reads all logs.
 *
 * @throws {SetupError} If there is no record in them.
 */
export async function sumUp(
  logs: readonly ServerLog[],
  options: ReadingOptions,
): Promise<HerdStats> {
  const servers: ServerSummary[] = [];
  for (const log of logs) {
    const stats = new ServerStats(log.server);
    const lines = await readLog(log, stats, options);
    servers.push({ stats, lines, bytes: sizeOf([log]) });
  }
  const whole = servers.filter(({ lines }) => lines.records > 0);
  if (whole.length === 0) {
    throw nothingIn(logs, servers.map(({ lines }) => lines));
  }
  return {
    servers,
    links: joinViews(whole.flatMap(({ stats }) => stats.links)),
    firstUs: Math.min(...whole.map(({ stats }) => stats.firstUs)),
    lastUs: Math.max(...whole.map(({ stats }) => stats.lastUs)),
  };
}

/** How long a link was up, as a share of the whole span, from 0 to 1. */
export function uptimeShare(
  { up }: LinkTimes,
  { firstUs, lastUs }: HerdStats,
): number {
  const sum = up.reduce((sum, { fromUs, toUs }) => sum + toUs - fromUs, 0);
  return lastUs > firstUs ? sum / (lastUs - firstUs) : 0;
}
