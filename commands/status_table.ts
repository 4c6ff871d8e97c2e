/**
 * Formats a herd's status as a table.
 *
 * @module
 */
import { formatNumber } from "../cli/numbers.ts";
import type { Paint } from "../cli/paint.ts";
import { type Column, formatTable } from "../cli/table.ts";
import { cutToWidth, foldToWidth, widthOf } from "../cli/width.ts";
import { quantile } from "../server/status/distribution.ts";
import { type TableCells, walk } from "../server/status/field.ts";
import {
  type LinkStatus,
  type ServerStatus,
  serverStatus,
} from "../server/status/fields.ts";
import { valueAt } from "../server/status/values.js";
import type { StatusCollection } from "./collect_status.ts";

export interface StatusLayout {
  /** An earlier status. With it, rates and latencies are those since then. */
  readonly earlier?: StatusCollection;
  readonly paint: Paint;
  /** Width of the terminal, in columns, at least 1. Default: no limit. */
  readonly width?: number;
}

/** The columns, each with the path to its value. */
const placed = walk(serverStatus).flatMap(({ field: { column }, path }) =>
  column === undefined ? [] : [{ ...column, path }]
);

/** Kinds of cells that hold text. The others hold numbers. */
const textCells: readonly (keyof TableCells)[] = ["text", "state", "links"];

const columns: readonly Column[] = placed.map(({ cell, title }) => ({
  title,
  ...(textCells.includes(cell) ? {} : { isNumeric: true }),
}));

/** Titles of the columns to leave out on a narrow terminal, in this order. */
const leftOutFirst: readonly string[] = placed
  .filter(({ priority }) => priority < Infinity)
  .toSorted((one, other) => one.priority - other.priority)
  .map(({ title }) => title);

/** Names are never cut below this width, in columns. */
const leastNameWidth = 8;

/** The table, and warnings below it. Lines have no LF at the end. */
export function formatStatus(
  answers: StatusCollection,
  layout: StatusLayout,
): string {
  const { earlier, paint, width = Infinity } = layout;
  const { leftOut, lines } = tableLines(answers, layout);
  const unit = earlier === undefined
    ? "counts since the start; milliseconds as p50 / p99"
    : "updates, questions and invalid lines a second; milliseconds as " +
      "p50 / p99 of the last second";
  const folded = (text: string, look: (text: string) => string) =>
    foldToWidth(text, width).map(look);
  return [
    ...lines,
    ...folded(unit, paint.dim),
    ...(leftOut.length > 0
      ? folded(`no room for ${leftOut.join(", ")}`, paint.dim)
      : []),
    ...answers.servers.flatMap((server) =>
      warningsOf(server).flatMap((text) =>
        folded(printable(`${server.name}: ${text}`), paint.yellow)
      )
    ),
    ...answers.silent.flatMap(({ address, name, reason }) =>
      folded(printable(`${name}: ${address}: ${reason}`), paint.red)
    ),
  ].join("\n");
}

/**
 * The control sequences and the text that replace the contents of a terminal
 * (ECMA-48). The terminal does not scroll: the last line counts the lines that
 * have no room.
 *
 * @param rows Height of the terminal, in lines.
 */
export function drawAgain(text: string, rows: number): string {
  let lines = text.split("\n");
  // The cursor takes the last row.
  const room = Math.max(rows - 1, 1);
  if (lines.length > room) {
    const more = lines.length - room + 1;
    lines = [...lines.slice(0, room - 1), `... and ${more} more lines`];
  }
  return `\x1b[H\x1b[J${lines.join("\n")}`;
}

/** The table's lines, and the titles of the columns that have no room. */
function tableLines(
  answers: StatusCollection,
  layout: StatusLayout,
): { lines: string[]; leftOut: readonly string[] } {
  const { paint, width = Infinity } = layout;
  const rows = [
    ...answers.servers.map((server) => rowOf(server, answers, layout)),
    ...answers.silent.map(({ name }) => [name, paint.red("no answer")]),
  ];
  const whole = formatTable(columns, rows).split("\n");
  if (fits(whole, width)) return { lines: whole, leftOut: [] };
  const nameWidth = Math.max(Math.floor(width / 4), leastNameWidth);
  const short = rows.map(([name, ...cells], index) => {
    const linkCell = columns.length - 2;
    const server = answers.servers.at(index);
    if (server !== undefined) cells[linkCell] = countLinks(server, paint);
    return [cutToWidth(name, nameWidth), ...cells];
  });
  for (let count = 0;; count++) {
    const leftOut = leftOutFirst.slice(0, count);
    const isKept = (_: unknown, index: number) =>
      !leftOut.includes(columns[index].title);
    const lines = formatTable(
      columns.filter(isKept),
      short.map((cells) => cells.filter(isKept)),
    ).split("\n");
    if (fits(lines, width)) return { lines, leftOut };
    if (count === leftOutFirst.length) {
      return { lines: lines.map((line) => cutToWidth(line, width)), leftOut };
    }
  }
}

function fits(lines: readonly string[], width: number): boolean {
  return lines.every((line) => widthOf(line) <= width);
}

function rowOf(
  server: ServerStatus,
  { elapsedMs }: StatusCollection,
  { earlier, paint }: StatusLayout,
): string[] {
  // A server that was restarted counts from 0 again.
  const before = earlier?.servers.find(({ name, uptimeSeconds }) =>
    name === server.name && !(uptimeSeconds > server.uptimeSeconds)
  );
  const cells: Cells = {
    text: printable,
    state: (notReady) => stateOf(server.isStopping, notReady, paint),
    duration,
    count: (now) => formatNumber(now),
    rate: (now, then = 0) =>
      earlier === undefined ? formatNumber(now) : formatNumber(
        Math.max(now - then, 0) / (elapsedMs - earlier.elapsedMs) * 1000,
      ),
    spread: (now, then) =>
      [0.5, 0.99].map((share) => milliseconds(quantile(now, then, share)))
        .join(" / "),
    links: (links) =>
      (links as readonly LinkStatus[])
        .map((link) => formatLink(link, paint)).join(", "),
  };
  return placed.map(({ cell, path }) => {
    // Each path has the kind of cell that fits its value.
    const show = cells[cell] as (now: unknown, then: unknown) => string;
    const now = valueAt(server, path);
    return now === undefined ? "-" : show(now, valueAt(before, path));
  });
}

/** Formats each kind of value; `then` is that of the earlier status. */
type Cells = {
  readonly [Cell in keyof TableCells]: (
    now: TableCells[Cell],
    then: TableCells[Cell] | undefined,
  ) => string;
};

function stateOf(
  isStopping: boolean,
  notReady: string | null,
  paint: Paint,
): string {
  if (isStopping) return paint.red("stopping");
  return notReady === null ? paint.green("ready") : paint.yellow("not ready");
}

function formatLink(
  { isCaughtUp, isUp, neighbour, waitingReports }: LinkStatus,
  paint: Paint,
): string {
  const name = printable(neighbour);
  if (!isUp) return paint.red(`${name} down`);
  if (waitingReports > 0) {
    return paint.yellow(`${name} ${formatNumber(waitingReports)} behind`);
  }
  return isCaughtUp ? name : paint.yellow(`${name} catching up`);
}

/** How many links are up, caught up and without waiting reports: `2 of 3`. */
function countLinks({ links }: ServerStatus, paint: Paint): string {
  const whole = links.filter(({ isCaughtUp, isUp, waitingReports }) =>
    isUp && isCaughtUp && waitingReports === 0
  );
  const text = `${whole.length} of ${links.length}`;
  if (links.some(({ isUp }) => !isUp)) return paint.red(text);
  return whole.length < links.length ? paint.yellow(text) : text;
}

/** Warnings about a server, as sentences. */
function warningsOf(server: ServerStatus): string[] {
  const { limitHits, links, log, notReady } = server;
  const warnings = notReady === null ? [] : [notReady];
  for (const { isUp, lastFailure, neighbour } of links) {
    if (isUp) continue;
    const why = lastFailure === null ? "" : ` (${lastFailure})`;
    warnings.push(`${neighbour} is not linked${why}`);
  }
  if (log.fault !== null) {
    warnings.push(`the log cannot be written: ${log.fault}`);
  }
  if (log.lostLines > 0) {
    warnings.push(
      `${formatNumber(log.lostLines)} lines are missing in the log`,
    );
  }
  for (const [limit, hits] of Object.entries(limitHits)) {
    warnings.push(
      `the limit ${limit} was reached ${formatNumber(hits)} times`,
    );
  }
  return warnings;
}

function milliseconds(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  if (seconds === Infinity) return "> 60,000";
  const inMs = seconds * 1000;
  return inMs < 10 ? inMs.toFixed(2) : formatNumber(inMs);
}

/** A duration in its largest unit: `42 s`, `7 min`, `3 h`, `12 d`. */
function duration(seconds: number): string {
  for (
    const [unit, length] of [["d", 86_400], ["h", 3_600], ["min", 60]] as const
  ) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${Math.max(Math.floor(seconds), 0)} s`;
}

/** Replaces control characters, so that they cannot control the terminal. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
