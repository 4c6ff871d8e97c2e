/**
 * Formats the statistics as tables.
 *
 * @module
 */
import { formatCount, formatNumber } from "../cli/numbers.ts";
import type { Paint } from "../cli/paint.ts";
import { formatTable } from "../cli/table.ts";
import { verbs } from "../protocol/command.ts";
import {
  type HerdStats,
  type ServerSummary,
  uptimeShare,
} from "./herd_stats.ts";
import { peerKinds, replyKinds, requestKinds } from "./line_kinds.ts";
import type { LinkTimes } from "./link_times.ts";
import { type Percentiles, percentilesIn } from "./percentiles.ts";
import type { Counts } from "./server_stats.ts";
import { formatDuration, formatTime } from "./format.ts";

/** A table before its layout. The first column is text. */
interface Sheet {
  readonly title: string;
  readonly columns: readonly string[];
  /** The titles of further columns of text. */
  readonly textColumns?: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** An explanation of the table. */
  readonly note?: string;
}

/** The text of all tables, without a final LF. */
export function describeStats(herd: HerdStats, paint: Paint): string {
  const sheets = [
    serverSheet(herd),
    countSheet("Lines of clients", herd, requestKinds, "fromClients"),
    countSheet("Answers to clients", herd, replyKinds, "toClients"),
    countSheet("Lines from neighbours", herd, peerKinds, "fromPeers"),
    countSheet("Lines to neighbours", herd, peerKinds, "toPeers"),
    waitSheet(herd),
    propagationSheet(herd),
    linkSheet(herd),
    eventSheet(herd),
  ].filter(({ rows }) => rows.length > 0);
  return [
    describeSpan(herd),
    ...sheets.map((sheet) => describeSheet(sheet, paint)),
  ].join("\n\n");
}

function describeSpan({ firstUs, lastUs, servers }: HerdStats): string {
  return `${formatCount(servers.length, "log")}, from ${formatTime(firstUs)} ` +
    `to ${formatTime(lastUs)}: ${formatDuration(lastUs - firstUs)}`;
}

function describeSheet(
  { columns, note, rows, textColumns = [], title }: Sheet,
  paint: Paint,
): string {
  const table = formatTable(
    columns.map((column, index) => ({
      title: paint.dim(column),
      isNumeric: index > 0 && !textColumns.includes(column),
    })),
    rows,
    { indentation: "  " },
  );
  const head = note === undefined ? "" : `  ${paint.dim(note)}`;
  return `${paint.bold(title)}${head}\n${table}`;
}

function serverSheet({ servers }: HerdStats): Sheet {
  return {
    title: "Servers",
    columns: [
      "",
      "first record",
      "span",
      "runs",
      "connections",
      "records",
      "bytes",
      "missing",
      "cut off",
      "damaged",
    ],
    note: "missing: lines that the server could not write, as the log says",
    rows: servers.map(({ bytes, lines, stats }) => {
      const { connections, firstUs, lastUs, missing, runs, server } = stats;
      const isEmpty = lines.records === 0;
      return [
        server,
        isEmpty ? "" : formatTime(firstUs),
        isEmpty ? "" : formatDuration(lastUs - firstUs),
        ...[
          runs,
          connections,
          lines.records,
          bytes,
          missing.lines,
          lines.cut,
          lines.damaged,
        ].map((number) => formatNumber(number)),
      ];
    }),
  };
}

/**
 * Counts by kind, with one row per server. Kinds without any lines are left
 * out.
 */
function countSheet(
  title: string,
  { servers }: HerdStats,
  kinds: readonly string[],
  which: "fromClients" | "toClients" | "fromPeers" | "toPeers",
): Sheet {
  const countsOf = ({ stats }: ServerSummary): Counts => stats[which];
  const present = kinds.filter((kind) =>
    servers.some((server) => (countsOf(server).get(kind) ?? 0) > 0)
  );
  return {
    title,
    columns: ["", ...present],
    rows: present.length === 0 ? [] : servers.map((server) => [
      server.stats.server,
      ...present.map((kind) => formatNumber(countsOf(server).get(kind) ?? 0)),
    ]),
  };
}

const percentileTitles = ["count", "p50", "p90", "p99", "max"];

function percentileCells(
  { count, maxUs, p50Us, p90Us, p99Us }: Percentiles,
): string[] {
  const times = [p50Us, p90Us, p99Us, maxUs].map(formatDuration);
  return [formatNumber(count), ...times];
}

function waitSheet({ servers }: HerdStats): Sheet {
  return {
    title: "Reply times",
    columns: ["", "line", ...percentileTitles],
    textColumns: ["line"],
    note: "percentiles are at most 0.8 % too high",
    rows: servers.flatMap(({ stats: { server, waits } }) =>
      verbs.flatMap((kind) => {
        const percentiles = percentilesIn(waits[kind]);
        if (percentiles === undefined) return [];
        return [[server, kind, ...percentileCells(percentiles)]];
      })
    ),
  };
}

function propagationSheet({ servers }: HerdStats): Sheet {
  const found = servers.flatMap(({ stats: { propagation, server } }) =>
    propagation === undefined ? [] : [{ propagation, server }]
  );
  const isSample = found.some(({ propagation }) => propagation.oneIn > 1);
  return {
    title: "Propagation",
    columns: ["", ...percentileTitles, ...(isSample ? ["sample"] : [])],
    note: "from the server that received a report to this one, by their clocks",
    rows: found.map(({ propagation, server }) => [
      server,
      ...percentileCells(propagation),
      ...(isSample ? [`1 in ${formatNumber(propagation.oneIn)}`] : []),
    ]),
  };
}

function linkSheet(herd: HerdStats): Sheet {
  return {
    title: "Links",
    columns: ["", "up", "lost", "reasons"],
    textColumns: ["reasons"],
    note: "up: share of the whole span, in the logs of both servers",
    rows: herd.links.map((link) => [
      link.servers.join(" – "),
      `${formatPercent(uptimeShare(link, herd))} %`,
      formatNumber(link.losses),
      describeReasons(link),
    ]),
  };
}

/** Rounded down, so that only a whole share is 100 %. */
function formatPercent(share: number): string {
  return (Math.floor(share * 10_000) / 100).toFixed(2);
}

function describeReasons({ views }: LinkTimes): string {
  return views.filter(({ reasons }) => reasons.size > 0)
    .map(({ reasons, server }) => {
      const parts = [...reasons].map(([reason, count]) =>
        count === 1 ? reason : `${reason} ${formatNumber(count)}`
      );
      return `${server}: ${parts.join(", ")}`;
    }).join("; ");
}

function eventSheet({ servers }: HerdStats): Sheet {
  const names = new Set(
    servers.flatMap(({ stats }) => [...stats.events.keys()]),
  );
  return {
    title: "Events",
    columns: ["", ...servers.map(({ stats }) => stats.server)],
    rows: [...names].sort().map((name) => [
      name,
      ...servers.map(({ stats }) => formatNumber(stats.events.get(name) ?? 0)),
    ]),
  };
}
