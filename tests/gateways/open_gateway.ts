/**
 * A gateway on connections in memory, with a clock that a test moves.
 *
 * @module
 */
import {
  type GatewayOptions,
  type Gateways,
  loadGateways,
} from "../../gateways/gateways.ts";
import { loadParser } from "../../gateways/http/request_parser.ts";
import { BatchPool } from "../../protocol/batch.ts";
import type { CertificateAuthenticator } from "../../identity/certificate_authenticator.ts";
import type { ClientRates } from "../../identity/client_rates.ts";
import type { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { type HistoryReader, maxHistoryReads } from "../../replica/history.ts";
import { RefusalCounts } from "../../runtime/refusal_counts.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { FairSemaphore } from "../../runtime/semaphore.ts";
import type { Transport } from "../../runtime/transport.ts";
import { Turns } from "../../runtime/turns.ts";
import {
  ClientListener,
  type ClientListenerOptions,
} from "../../sessions/client_listener.ts";
import {
  type ClientLimits,
  defaultClientLimits,
} from "../../sessions/limits.ts";
import { createLineCounters } from "../../sessions/session.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { FakeBackend } from "../sessions/fake_backend.ts";
import { identitiesWith } from "./identities_with.ts";

/** What a test chooses. */
export interface GatewayChoices extends Partial<GatewayOptions> {
  readonly tokens?: TokenAuthenticator;
  readonly rates?: ClientRates;
  readonly certificates?: CertificateAuthenticator;
  readonly limits?: Partial<ClientLimits>;
  readonly replica?: MemoryReplica;
  /** What Hill has recorded. */
  readonly history?: HistoryReader;
  /** POSIX seconds; by default those of `FakeBackend`. */
  readonly seconds?: number;
}

/** Opens the gateway of a kind of port. */
export async function openGateway(port: string, chosen: GatewayChoices = {}) {
  const clock = new ManualClock();
  const limits = { ...defaultClientLimits, ...chosen.limits };
  const fake = new FakeBackend();
  const { seconds } = chosen;
  const backend = seconds === undefined ? fake : {
    ...fake,
    now: () => ({ seconds, nanoseconds: 0 }),
  };
  const replica = chosen.replica ?? new MemoryReplica();
  const traffic = new RecordingTrafficLog();
  const events: string[] = [];
  const counts = new LimitCounts(clock, () => {});
  const refusals = new RefusalCounts();
  const services: ClientListenerOptions & { replica: MemoryReplica } = {
    backend,
    replica,
    clock,
    limits,
    counts,
    refusals,
    rates: chosen.rates,
    certificates: chosen.certificates,
    lines: createLineCounters(),
    permits: new FairSemaphore(limits.maxQueriesInTotal),
    turns: new Turns(clock),
    replyPool: new BatchPool(4),
    trafficLogFor: () => traffic,
    emit: (_level, connection, event, fields = {}) =>
      events.push([connection, event, ...Object.values(fields)].join(" ")),
  };
  const listener = new ClientListener(services);
  // The first connection would wait for it, longer than a test does.
  await loadParser();
  const create = await loadGateways([port], {
    isOpen: chosen.isOpen ?? false,
    allowedOrigins: chosen.allowedOrigins ?? [],
    nmeaSenders: chosen.nmeaSenders,
  });
  const identities = identitiesWith({
    tokens: chosen.tokens,
    rates: chosen.rates,
    countRefusal: (name) => refusals.add(name),
  });
  const gateways: Gateways = create({
    ...services,
    history: chosen.history && {
      server: "Hill",
      reader: chosen.history,
      permits: new FairSemaphore(maxHistoryReads),
    },
    nextName: (prefix) => listener.nextName(prefix),
  }, identities);
  const connect = (
    address = "127.0.0.1",
    extra: Pick<Transport, "peerCertificate"> = {},
  ) => {
    const [pipe, client] = PipeEnd.pair();
    const transport = Object.assign(pipe, extra);
    listener.serve({ transport, address, port: 5000 }, gateways.kindOf(port));
    return client;
  };
  return {
    backend: fake,
    clock,
    connect,
    counts,
    events,
    gateways,
    listener,
    refusals,
    replica,
    traffic,
  };
}
