/**
 * Reconstructs the path of a report from all logs.
 *
 * @module
 */
import type { Route } from "./link_state.ts";
import { isNewerLine, type ReportLine } from "./report_line.ts";
import type { LogSpan, Receipt, ReportTrace, Sending } from "./report_trace.ts";

/**
 * The outcome of sending a report. `news`: stored and forwarded. `again`: new
 * to a server that had it before a restart. `known` and `older`: dropped.
 * `lost`: not in the receiver's log. `unseen`: the receiver's log is missing.
 */
export type Outcome = "news" | "again" | "known" | "older" | "lost" | "unseen";

/** One transfer of a report over a link. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  /** By the sender's clock; undefined if its log does not have it. */
  readonly sentUs: number | undefined;
  /** By the receiver's clock. */
  readonly receivedUs: number | undefined;
  readonly route: Route;
  readonly outcome: Outcome;
}

/** A server announced the report to a neighbour with HAVE. */
export interface Announcement {
  readonly from: string;
  readonly to: string;
  readonly timeUs: number;
  /** Whether the neighbour requested it. */
  readonly isWanted: boolean;
}

/** Why a server whose log is available did not receive a report. */
export type MissReason =
  | "log begins later"
  | "log ends before"
  | "newer"
  | "unknown";

/** How one server received the report, or why it did not. */
export interface Arrival {
  readonly server: string;
  readonly state: "heard" | "got" | "missed" | "no log";
  /** The hop that delivered it, if there is one. */
  readonly hop?: Hop;
  /** Set if `state` is `missed`. */
  readonly missReason?: MissReason;
}

/** The path of a report. */
export interface ReportPath {
  readonly trace: ReportTrace;
  readonly report: ReportLine;
  /** Whether the log of the report's origin is available. */
  readonly isOriginLogged: boolean;
  /** In the order of time. */
  readonly hops: readonly Hop[];
  readonly announcements: readonly Announcement[];
  /**
   * The origin, then the others by time, then those that did not receive it.
   */
  readonly arrivals: readonly Arrival[];
}

/** @param spans The periods of the logs that were read. */
export function pathOf(
  trace: ReportTrace,
  spans: readonly LogSpan[],
): ReportPath {
  const { report } = trace;
  const logged = new Map(spans.map((span) => [span.server, span]));
  const hops = hopsOf(trace, logged);
  const announcements = announcementsOf(trace);
  return {
    trace,
    report,
    isOriginLogged: logged.has(report.server),
    hops,
    announcements,
    arrivals: arrivalsOf(report, hops, logged),
  };
}

/** When a report was received or, if unknown, when it was sent. */
export function timeOfHop({ receivedUs, sentUs }: Hop): number {
  return receivedUs ?? sentUs ?? Infinity;
}

function hopsOf(
  { receipts, report, sendings }: ReportTrace,
  logged: ReadonlyMap<string, LogSpan>,
): Hop[] {
  const pairOf = ({ from, to }: Sending) => `${from} ${to}`;
  const sentOf = Map.groupBy(sendings, pairOf);
  const receivedOf = Map.groupBy(receipts, pairOf);
  const repeats = repeatedNews(receipts, report.server);
  const hops: Hop[] = [];
  for (const pair of new Set([...sentOf.keys(), ...receivedOf.keys()])) {
    const sent = sentOf.get(pair) ?? [];
    const received = receivedOf.get(pair) ?? [];
    const matches = match(sent, received);
    for (const [index, receipt] of received.entries()) {
      const sending = matches[index];
      hops.push({
        from: receipt.from,
        to: receipt.to,
        sentUs: sending?.timeUs,
        receivedUs: receipt.timeUs,
        // The sender's log shows the reason more reliably.
        route: sending?.route ?? receipt.route,
        outcome: repeats.has(receipt) ? "again" : receipt.outcome,
      });
    }
    for (const sending of sent) {
      if (matches.includes(sending)) continue;
      const { from, route, timeUs, to } = sending;
      const outcome = logged.has(to) ? "lost" : "unseen";
      hops.push({
        from,
        to,
        sentUs: timeUs,
        receivedUs: undefined,
        route,
        outcome,
      });
    }
  }
  return hops.sort((a, b) => timeOfHop(a) - timeOfHop(b));
}

/**
 * Receipts that were new to a server although an earlier run of it had the
 * report.
 */
function repeatedNews(
  receipts: readonly Receipt[],
  origin: string,
): Set<Receipt> {
  const reached = new Set([origin]);
  return new Set(receipts.filter(({ outcome, to }) => {
    if (outcome !== "news") return false;
    if (reached.has(to)) return true;
    reached.add(to);
    return false;
  }));
}

/**
 * Finds the sending for each receipt, in order. If there are more sendings than
 * receipts, some were lost with their connection; the sending nearest in time
 * is matched to each receipt.
 */
function match(
  sendings: readonly Sending[],
  receipts: readonly Receipt[],
): (Sending | undefined)[] {
  let first = 0;
  return receipts.map((receipt, index) => {
    if (first === sendings.length) return undefined;
    const spare = sendings.length - first - (receipts.length - index);
    let best = first;
    for (let other = first + 1; other <= first + spare; other++) {
      const distance = (at: number) =>
        Math.abs(receipt.timeUs - sendings[at].timeUs);
      if (distance(other) < distance(best)) best = other;
    }
    first = best + 1;
    return sendings[best];
  });
}

function announcementsOf(
  { announcements, requests }: ReportTrace,
): Announcement[] {
  const joined = new Map<string, Announcement>();
  for (const { from, loggedBy, timeUs, to } of announcements) {
    const pair = `${from} ${to}`;
    // Both logs have the same announcement; the sender's is used.
    if (joined.has(pair) && loggedBy !== from) continue;
    joined.set(pair, {
      from,
      to,
      timeUs,
      isWanted: requests.has(`${to} ${from}`),
    });
  }
  return [...joined.values()].sort((a, b) => a.timeUs - b.timeUs);
}

function arrivalsOf(
  report: ReportLine,
  hops: readonly Hop[],
  logged: ReadonlyMap<string, LogSpan>,
): Arrival[] {
  const delivering = new Map<string, Hop>();
  for (const hop of hops) {
    const delivers = hop.outcome === "news" || hop.outcome === "unseen";
    if (delivers && hop.to !== report.server && !delivering.has(hop.to)) {
      delivering.set(hop.to, hop);
    }
  }
  const arrivals: Arrival[] = [{ server: report.server, state: "heard" }];
  for (const [server, hop] of delivering) {
    const state = logged.has(server) ? "got" : "no log";
    arrivals.push({ server, state, hop });
  }
  for (const span of logged.values()) {
    const { server } = span;
    if (server === report.server || delivering.has(server)) continue;
    arrivals.push({
      server,
      state: "missed",
      missReason: missReason(report, span),
    });
  }
  return arrivals;
}

function missReason(
  { heardUs, line }: ReportLine,
  { firstUs, lastUs, newest }: LogSpan,
): MissReason {
  if (heardUs < firstUs) return "log begins later";
  const isStale = newest !== undefined && isNewerLine(newest, line);
  if (isStale) return "newer";
  return heardUs > lastUs ? "log ends before" : "unknown";
}
