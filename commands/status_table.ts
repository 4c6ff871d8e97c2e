/**
 * How a herd's status looks as a table. Pure: what is known in, text out.
 *
 * @module
 */
import { quantile } from "../status/distribution.ts";
import type { LinkStatus, ServerStatus } from "../status/status.ts";
import type { Paint } from "../terminal/paint.ts";
import { type Column, formatTable } from "../terminal/table.ts";
import type { Survey } from "./survey.ts";

/** How the table is to look. */
export interface StatusLayout {
  /** If given, rates and latencies are those since then. */
  readonly earlier?: Survey;
  readonly paint: Paint;
  /** Most columns on the terminal; any, if it is left out. */
  readonly width?: number;
}

const columns: readonly Column[] = [
  { title: "server" },
  { title: "state" },
  { title: "up", isNumeric: true },
  { title: "clients", isNumeric: true },
  { title: "conns", isNumeric: true },
  { title: "updates", isNumeric: true },
  { title: "questions", isNumeric: true },
  { title: "invalid", isNumeric: true },
  { title: "propagation ms", isNumeric: true },
  { title: "answer ms", isNumeric: true },
  { title: "links" },
];

/** The table, and below it whatever needs somebody's attention. */
export function formatStatus(answers: Survey, layout: StatusLayout): string {
  const { earlier, paint, width } = layout;
  const rows = [
    ...answers.servers.map((server) => rowOf(server, answers, layout)),
    ...answers.silent.map(({ name }) => [name, paint.red("no answer")]),
  ];
  const unit = earlier === undefined
    ? "counts since the start; milliseconds as p50 / p99"
    : "updates, questions and invalid lines a second; milliseconds as " +
      "p50 / p99 of the last second";
  return [
    formatTable(columns, rows, { width }),
    paint.dim(unit),
    ...answers.servers.flatMap((server) =>
      concerns(server).map((text) =>
        paint.yellow(printable(`${server.name}: ${text}`))
      )
    ),
    ...answers.silent.map(({ address, name, reason }) =>
      paint.red(printable(`${name}: ${address}: ${reason}`))
    ),
  ].join("\n");
}

function rowOf(
  server: ServerStatus,
  { time }: Survey,
  { earlier, paint }: StatusLayout,
): string[] {
  const before = earlier?.servers.find(({ name, startedAt }) =>
    name === server.name && startedAt === server.startedAt
  );
  const count = (now: number, then: number | undefined) =>
    earlier === undefined
      ? whole(now)
      : whole(Math.max(now - (then ?? 0), 0) / (time - earlier.time));
  const { clients, connections, lines } = server;
  const spread = (part: "propagationSeconds" | "whatsatSeconds") =>
    [0.5, 0.99]
      .map((share) => quantile(server[part], before?.[part], share))
      .map(milliseconds)
      .join(" / ");
  return [
    printable(server.name),
    stateOf(server, paint),
    duration(time - server.startedAt),
    whole(clients),
    whole(connections.open),
    count(lines.iamat, before?.lines.iamat),
    count(lines.whatsat, before?.lines.whatsat),
    count(lines.invalid, before?.lines.invalid),
    spread("propagationSeconds"),
    spread("whatsatSeconds"),
    server.links.map((link) => formatLink(link, paint)).join(", "),
  ];
}

function stateOf(
  { isStopping, notReady }: ServerStatus,
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
    return paint.yellow(`${name} ${whole(waitingReports)} behind`);
  }
  return isCaughtUp ? name : paint.yellow(`${name} catching up`);
}

/** What needs somebody's attention, in sentences. */
function concerns(server: ServerStatus): string[] {
  const { limitHits, links, log, notReady } = server;
  const found = notReady === null ? [] : [notReady];
  for (const { isUp, lastFailure, neighbour } of links) {
    if (isUp) continue;
    const why = lastFailure === null ? "" : ` (${lastFailure})`;
    found.push(`${neighbour} is not linked${why}`);
  }
  if (log.fault !== null) {
    found.push(`the log cannot be written: ${log.fault}`);
  }
  if (log.lostLines > 0) {
    found.push(`${whole(log.lostLines)} lines are missing in the log`);
  }
  for (const [limit, hits] of Object.entries(limitHits)) {
    found.push(`the limit ${limit} was reached ${whole(hits)} times`);
  }
  return found;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}

function milliseconds(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  if (seconds === Infinity) return "> 60,000";
  const inMs = seconds * 1000;
  return inMs < 10 ? inMs.toFixed(2) : whole(inMs);
}

/** As people say it: `42 s`, `7 min`, `3 h`, `12 d`. */
function duration(seconds: number): string {
  for (
    const [unit, length] of [["d", 86_400], ["h", 3_600], ["min", 60]] as const
  ) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${Math.max(Math.floor(seconds), 0)} s`;
}

/** What a server says goes to a terminal: nothing in it may steer that. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
