/**
 * Collects the status of a running server from its components.
 *
 * @module
 */
import type { LogWriter } from "../log/log_writer.ts";
import type { Places } from "../places/places.ts";
import type { HistoryState } from "../replica/history.ts";
import type { Replica, ReplicaLinkStatus } from "../replica/replica.ts";
import type { LimitCounts } from "../runtime/limit_counts.ts";
import type { RefusalCounts } from "../runtime/refusal_counts.ts";
import type { ClientListener } from "../sessions/client_listener.ts";
import type { LineCounters } from "../sessions/session.ts";
import type { DurationCounter } from "./status/distribution.ts";
import { noGateways, serverFacts } from "./status/fields.ts";
import type {
  DataStatus,
  GatewaysStatus,
  LinkStatus,
  ServerFacts,
} from "./status/status.ts";

/** The components of a server that the status is collected from. */
export interface ServerParts {
  readonly clientListener: ClientListener;
  /** Undefined if no gateway is open. */
  readonly gateways: GatewaysStatus | undefined;
  readonly replica: Replica;
  readonly log: LogWriter;
  /** The state of the data folder; undefined if there is none. */
  readonly data: DataStatus | undefined;
  /** The state of the history; undefined if there is none. */
  readonly history: HistoryState | undefined;
  readonly places: Places;
  readonly limits: LimitCounts;
  readonly refusals: RefusalCounts;
  readonly lines: LineCounters;
  /** Propagation times of neighbours' reports, in seconds. */
  readonly propagation: Pick<DurationCounter, "read">;
  /** Times from queries to their answers, in seconds. */
  readonly queryDurations: DurationCounter;
}

/** The fields of the current status that come from components. */
export function describeParts(
  {
    clientListener,
    gateways = noGateways,
    data,
    history,
    replica,
    log,
    limits,
    lines,
    places,
    refusals,
    ...counted
  }: ServerParts,
) {
  const {
    clients,
    clock,
    deletedReports,
    deletions,
    links,
    reports,
    storesNothing,
    table,
  } = replica.status();
  const { bytes, lines: lostLines } = log.lost;
  return {
    clients,
    deletions,
    deletedReports,
    table,
    notReady: replica.fault ??
      (log.fault === undefined ? null : "its log cannot be written"),
    connections: clientListener.connectionCounts,
    lines: { ...lines },
    gateways,
    reports,
    storesNothing,
    clock,
    links: links.map(describeLink),
    propagationSeconds: counted.propagation.read(),
    whatsatSeconds: counted.queryDurations.read(),
    places: { provider: places.providerName, requests: places.requests },
    log: {
      path: log.path,
      lagBytes: log.lagBytes,
      operationSeconds: log.operationMs / 1000,
      reopenings: log.reopenings,
      lostLines,
      lostBytes: bytes,
      fault: log.fault?.message ?? null,
    },
    data: data ?? serverFacts.fields.data.initial,
    history: history ?? serverFacts.fields.history.initial,
    limitHits: Object.fromEntries(limits.hits),
    refusals: Object.fromEntries(refusals.counts),
  } satisfies Partial<ServerFacts>;
}

function describeLink(link: ReplicaLinkStatus): LinkStatus {
  return {
    ...link,
    clockAheadSeconds: link.clockAheadSeconds ?? null,
    lastFailure: link.lastFailure ?? null,
  };
}
