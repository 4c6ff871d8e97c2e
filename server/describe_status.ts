/**
 * What can be seen of a running server, gathered from its rooms.
 *
 * @module
 */
import type { LogWriter } from "../log/log_writer.ts";
import type { LinkManager } from "../peers/links/link_manager.ts";
import type { Replica } from "../peers/replication/replica.ts";
import type { Places } from "../places/places.ts";
import type { LimitCounts } from "../runtime/limit_counts.ts";
import type { ClientListener } from "../sessions/client_listener.ts";
import type { LineCounters } from "../sessions/session.ts";
import type { DurationCounter } from "./status/distribution.ts";
import type { LinkStatus, ServerFacts } from "./status/status.ts";

/** One server's rooms, and what is counted between them. */
export interface ServerParts {
  readonly clientListener: ClientListener;
  readonly replica: Replica;
  readonly log: LogWriter;
  readonly linkManager: LinkManager;
  readonly places: Places;
  readonly limits: LimitCounts;
  readonly lines: LineCounters;
  /** How long reports of neighbours took. */
  readonly propagation: DurationCounter;
  /** How long answers to questions took. */
  readonly queryDurations: DurationCounter;
}

/** What the rooms of a server say, now. */
export function describeParts(
  {
    clientListener,
    replica,
    log,
    limits,
    lines,
    linkManager,
    places,
    ...counted
  }: ServerParts,
) {
  const { bytes, lines: lostLines } = log.lost;
  return {
    clients: replica.clients,
    notReady: linkManager.notReady ?? null,
    connections: clientListener.connectionCounts,
    lines: { ...lines },
    reports: replica.counts,
    links: describeLinks(linkManager),
    propagationSeconds: counted.propagation.read(),
    whatsatSeconds: counted.queryDurations.read(),
    places: { provider: places.providerName, requests: places.requests },
    log: {
      path: log.path,
      lagBytes: log.lagBytes,
      lostLines,
      lostBytes: bytes,
      fault: log.fault?.message ?? null,
    },
    limitHits: Object.fromEntries(limits.hits),
  } satisfies Partial<ServerFacts>;
}

function describeLinks(linkManager: LinkManager): LinkStatus[] {
  return linkManager.neighbourStatuses().map(({ counts, ...link }) => ({
    ...link,
    since: counts.since,
    reportsReceived: counts.reportsReceived,
    bytesSent: counts.bytesSent,
    losses: counts.losses,
    lastFailure: counts.lastFailure ?? null,
  }));
}
