/**
 * Formats a report's path as text.
 *
 * @module
 */
import { formatCount } from "../cli/numbers.ts";
import type { Paint } from "../cli/paint.ts";
import { formatTable } from "../cli/table.ts";
import { textOfBytes } from "../protocol/bytes.ts";
import { formatDuration, formatOffset, formatTime } from "./format.ts";
import { type Branch, treesOf } from "./path_tree.ts";
import type { Arrival, Hop, ReportPath } from "./report_path.ts";

/** The text, of several lines, without a final LF. */
export function describePath(path: ReportPath, paint: Paint): string {
  const { report } = path;
  const client = textOfBytes(report.client);
  return [
    `${paint.bold(client)}  ${report.position}  ${report.time}`,
    describeEntry(path),
    describeTree(path, paint),
    ...describeOutcome(path, paint),
  ].join("\n");
}

function describeEntry(
  { isOriginLogged, report, trace }: ReportPath,
): string {
  const { difference, heardUs, server } = report;
  const { entry } = trace;
  const remote = entry?.remote === undefined ? "" : ` (${entry.remote})`;
  const where = entry !== undefined
    ? ` on ${entry.connection}${remote}`
    : isOriginLogged
    ? " (its log does not show the connection)"
    : " (no log of this server)";
  const seconds = difference.slice(1);
  const order = difference.startsWith("-") ? "before" : "after";
  return `received by ${server} at ${formatTime(heardUs)}${where}, ` +
    `${seconds} s ${order} the client's time`;
}

function describeTree(path: ReportPath, paint: Paint): string {
  const rows: string[][] = [];
  const add = (branch: Branch, opening: string, below: string) => {
    const look = isDimmed(branch) ? paint.dim : (text: string) => text;
    const cells = cellsOf(branch, path).map((cell) => cell && look(cell));
    rows.push([opening + look(branch.server), ...cells]);
    for (const [index, next] of branch.branches.entries()) {
      const isLast = index === branch.branches.length - 1;
      add(
        next,
        below + (isLast ? "└── " : "├── "),
        below + (isLast ? "    " : "│   "),
      );
    }
  };
  for (const tree of treesOf(path)) add(tree, "", "");
  // A report that was not sent to any server.
  if (rows.length === 1) return rows[0][0];
  const title = (text: string) => paint.dim(text);
  return formatTable([
    { title: "" },
    { title: title("sent"), isNumeric: true },
    { title: title("received"), isNumeric: true },
    { title: title("hop"), isNumeric: true },
    { title: "" },
  ], rows);
}

/** Whether the branch delivered nothing new. */
function isDimmed({ announcement, hop }: Branch): boolean {
  return announcement !== undefined || hop !== undefined && isDropped(hop);
}

function isDropped({ outcome }: Hop): boolean {
  return outcome === "known" || outcome === "older";
}

function cellsOf(
  { announcement, hop }: Branch,
  { report }: ReportPath,
): string[] {
  const since = (us: number | undefined) =>
    us === undefined ? "" : formatOffset(us - report.heardUs);
  if (announcement !== undefined) {
    const remark = announcement.isWanted
      ? "announced by HAVE, requested, not received"
      : "announced by HAVE, known already";
    return [since(announcement.timeUs), "", "", remark];
  }
  if (hop === undefined) return [];
  const { receivedUs, sentUs } = hop;
  const took = receivedUs === undefined || sentUs === undefined
    ? ""
    : formatDuration(receivedUs - sentUs);
  return [since(sentUs), since(receivedUs), took, remarkOn(hop)];
}

function remarkOn({ outcome, route }: Hop): string {
  const how = {
    flood: "",
    asked: "requested after HAVE",
    "catch-up": "catch-up",
  };
  const what = {
    news: "",
    again: "new again after a restart",
    known: "duplicate, dropped",
    older: "older than the known report, dropped",
    lost: "not received",
    unseen: "no log of this server",
  };
  return [how[route], what[outcome]].filter((text) => text !== "").join("; ");
}

function describeOutcome(path: ReportPath, paint: Paint): string[] {
  const { arrivals, hops, report, trace } = path;
  const lines: string[] = [];
  const logged = arrivals.filter(({ server, state }) =>
    server === report.server ? path.isOriginLogged : state !== "no log"
  );
  const reached = logged.filter(({ state }) => state !== "missed");
  const dropped = hops.filter(isDropped);
  const last = Math.max(
    0,
    ...reached.map(({ hop }) => (hop?.receivedUs ?? 0) - report.heardUs),
  );
  const time = reached.length > 1 ? ` in ${formatDuration(last)}` : "";
  lines.push(
    `reached ${reached.length} of ${formatCount(logged.length, "server")}` +
      `${time}; ${formatCount(hops.length, "message")}, ` +
      `${formatCount(dropped.length, "duplicate")} dropped`,
  );
  if (trace.wasOld) {
    lines.push(
      `${report.server} had a newer report of this client and did not forward this one`,
    );
  }
  for (const arrival of arrivals) {
    const text = describeMissing(arrival);
    if (text !== undefined) lines.push(paint.yellow(text));
  }
  const forgettings = trace.forgettings
    .toSorted((one, other) => one.timeUs - other.timeUs);
  for (const { server, timeUs, until } of forgettings) {
    const time = formatTime(timeUs);
    lines.push(`${server} forgot it at ${time}, with all until ${until}`);
  }
  if (hops.some(isBeforeItWasSent)) {
    lines.push(
      "negative times: a line is logged after it was sent, and each server has " +
        "its own clock",
    );
  }
  return lines;

  function isBeforeItWasSent({ receivedUs, sentUs }: Hop): boolean {
    const times = [report.heardUs, sentUs, receivedUs]
      .filter((us) => us !== undefined);
    return times.some((us, index) => index > 0 && us < times[index - 1]);
  }
}

function describeMissing(
  { missReason, server, state }: Arrival,
): string | undefined {
  if (state !== "missed") return undefined;
  const reasons = {
    "log begins later": ": its log begins later",
    "log ends before": ": its log ends before",
    newer: ", but had a newer one",
    unknown: "",
  };
  return `${server} did not receive it${reasons[missReason ?? "unknown"]}`;
}
