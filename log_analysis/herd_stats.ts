/**
 * Computes the statistics of a herd's logs in one pass.
 *
 * @module
 */
import { joinViews, type LinkTimes } from "./link_times.ts";
import type { ServerLog } from "./log_folder.ts";
import {
  noRecordsError,
  type ReadingOptions,
  readLog,
  sizeOf,
} from "./read_logs.ts";
import type { RecordCounts } from "./record_reader.ts";
import { ServerStats } from "./server_stats.ts";

/** The statistics of one server's log. */
export interface ServerSummary {
  readonly stats: ServerStats;
  readonly lines: RecordCounts;
  readonly bytes: number;
}

/** The statistics of all logs. */
export interface HerdStats {
  readonly servers: readonly ServerSummary[];
  readonly links: readonly LinkTimes[];
  /** The first and the last time, in microseconds since 1970. */
  readonly firstUs: number;
  readonly lastUs: number;
}

/**
 * Reads all logs and computes their statistics.
 *
 * @throws {SetupError} If the logs contain no record.
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
  const nonEmpty = servers.filter(({ lines }) => lines.records > 0);
  if (nonEmpty.length === 0) {
    throw noRecordsError(logs, servers.map(({ lines }) => lines));
  }
  return {
    servers,
    links: joinViews(nonEmpty.flatMap(({ stats }) => stats.links)),
    firstUs: Math.min(...nonEmpty.map(({ stats }) => stats.firstUs)),
    lastUs: Math.max(...nonEmpty.map(({ stats }) => stats.lastUs)),
  };
}

/** How long a link was up, as a share of the logs' whole period, 0 to 1. */
export function uptimeShare(
  { up }: LinkTimes,
  { firstUs, lastUs }: HerdStats,
): number {
  const sum = up.reduce((sum, { fromUs, toUs }) => sum + toUs - fromUs, 0);
  return lastUs > firstUs ? sum / (lastUs - firstUs) : 0;
}
