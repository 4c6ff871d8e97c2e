/**
 * What can be seen of a running server, gathered from its rooms.
 *
 * @module
 */
import type { LogWriter } from "../log/log_writer.ts";
import type { Places } from "../places/places.ts";
import type { Replica, ReplicaLinkStatus } from "../replica/replica.ts";
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
  readonly places: Places;
  readonly limits: LimitCounts;
  readonly lines: LineCounters;
  /** How long reports of neighbours took. */
  readonly propagation: Pick<DurationCounter, "read">;
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
    places,
    ...counted
  }: ServerParts,
) {
  const { clients, links, reports } = replica.status();
  const { bytes, lines: lostLines } = log.lost;
  return {
    clients,
    notReady: replica.fault ?? null,
    connections: clientListener.connectionCounts,
    lines: { ...lines },
    reports,
    links: links.map(describeLink),
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

function describeLink(link: ReplicaLinkStatus): LinkStatus {
  return { ...link, lastFailure: link.lastFailure ?? null };
}
