/**
 * The path of a report, put together from what all logs say of it.
 *
 * @module
 */
import type { Route } from "./link_state.ts";
import { isNewerLine, type ReportLine } from "./report_line.ts";
import type { LogSpan, Receipt, ReportTrace, Sending } from "./report_trace.ts";

/**
 * What became of a report that was sent: `news`, stored and passed on; `again`,
 * news to a server that had known it before it was started again; `known` and
 * `older`, dropped; `lost`, not in the log of who should have received it;
 * `unseen`, as there is no such log.
 */
export type Outcome = "news" | "again" | "known" | "older" | "lost" | "unseen";

/** A report crosses a link. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  /** By the sender's clock; undefined if its log does not say. */
  readonly sentUs: number | undefined;
  /** By the receiver's clock. */
  readonly receivedUs: number | undefined;
  readonly route: Route;
  readonly outcome: Outcome;
}

/** A server was told by HAVE that it could have the report. */
export interface Told {
  readonly from: string;
  readonly to: string;
  readonly timeUs: number;
  /** Whether it has asked for it. */
  readonly isWanted: boolean;
}

/** Why a server, whose log is there, has never got a report. */
export type WhyNot =
  | "log begins later"
  | "log ends before"
  | "newer"
  | "unknown";

/** How one server got the report, or why not. */
export interface Arrival {
  readonly server: string;
  readonly state: "heard" | "got" | "missed" | "no log";
  /** The hop that brought it, where there is one. */
  readonly hop?: Hop;
  /** If it was missed. */
  readonly whyNot?: WhyNot;
}

/** All that is known of a report's way. */
export interface ReportPath {
  readonly followed: ReportTrace;
  readonly report: ReportLine;
  /** Whether the log of the server is there that has heard it. */
  readonly isOriginLogged: boolean;
  /** In the order of their time. */
  readonly hops: readonly Hop[];
  readonly told: readonly Told[];
  /** The server that heard it first, then by time, at last who never got it. */
  readonly arrivals: readonly Arrival[];
}

/** @param spans Of the servers whose logs were read. */
export function pathOf(
  followed: ReportTrace,
  spans: readonly LogSpan[],
): ReportPath {
  const { report } = followed;
  const logged = new Map(spans.map((span) => [span.server, span]));
  const hops = hopsOf(followed, logged);
  const told = toldOf(followed);
  return {
    followed,
    report,
    isOriginLogged: logged.has(report.server),
    hops,
    told,
    arrivals: arrivalsOf(report, hops, logged),
  };
}

/** When a hop was seen: at its end, or else at its beginning. */
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
        // Who sends it knows best why.
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

/** What was news to a server though an earlier run of it had known it. */
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
 * The sending that belongs to each receipt, in their order. Of more sendings
 * than receipts, some were lost with their connection: those go with a receipt
 * that are nearest to it.
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

function toldOf({ announcements, requests }: ReportTrace): Told[] {
  const told = new Map<string, Told>();
  for (const { from, loggedBy, timeUs, to } of announcements) {
    const pair = `${from} ${to}`;
    // Both logs tell of the same one.
    if (told.has(pair) && loggedBy !== from) continue;
    told.set(pair, {
      from,
      to,
      timeUs,
      isWanted: requests.has(`${to} ${from}`),
    });
  }
  return [...told.values()].sort((a, b) => a.timeUs - b.timeUs);
}

function arrivalsOf(
  report: ReportLine,
  hops: readonly Hop[],
  logged: ReadonlyMap<string, LogSpan>,
): Arrival[] {
  const bringing = new Map<string, Hop>();
  for (const hop of hops) {
    const brings = hop.outcome === "news" || hop.outcome === "unseen";
    if (brings && hop.to !== report.server && !bringing.has(hop.to)) {
      bringing.set(hop.to, hop);
    }
  }
  const arrivals: Arrival[] = [{ server: report.server, state: "heard" }];
  for (const [server, hop] of bringing) {
    const state = logged.has(server) ? "got" : "no log";
    arrivals.push({ server, state, hop });
  }
  for (const span of logged.values()) {
    const { server } = span;
    if (server === report.server || bringing.has(server)) continue;
    arrivals.push({ server, state: "missed", whyNot: whyNot(report, span) });
  }
  return arrivals;
}

function whyNot(
  { heardUs, line }: ReportLine,
  { firstUs, lastUs, newest }: LogSpan,
): WhyNot {
  if (heardUs < firstUs) return "log begins later";
  const hadNewer = newest !== undefined && isNewerLine(newest, line);
  if (hadNewer) return "newer";
  return heardUs > lastUs ? "log ends before" : "unknown";
}
