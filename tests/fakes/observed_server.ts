/**
 * A server to be looked at, which is as a test says.
 *
 * @module
 */
import type { ObservedServer } from "../../admin/observed_server.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, parseReport, type Report } from "../../protocol/report.ts";
import type { Found, Page } from "../../replica/replica.ts";
import { type Observer, Observers } from "../../runtime/observers.ts";
import { DurationCounter } from "../../server/status/distribution.ts";
import type { ServerEvent, ServerFacts } from "../../server/status/status.ts";

/** What a server without any history says. */
export function serverFacts(
  name: string,
  facts: Partial<ServerFacts> = {},
): ServerFacts {
  return {
    name,
    startedAt: 1520024000,
    isStopping: false,
    notReady: null,
    clientPorts: ["127.0.0.1:8000"],
    peerPort: "127.0.0.1:8100",
    clients: 0,
    connections: { open: 0, accepted: 0 },
    lines: { iamat: 0, whatsat: 0, invalid: 0 },
    reports: { newer: 0, known: 0, forgotten: 0 },
    links: [],
    propagationSeconds: new DurationCounter().read(),
    whatsatSeconds: new DurationCounter().read(),
    places: { provider: "gazetteer", requests: {} },
    log: {
      path: "logs/Hill.log",
      lagBytes: 0,
      lostLines: 0,
      lostBytes: 0,
      fault: null,
    },
    limitHits: {},
    ...facts,
  };
}

/** The server. */
export class FakeObservedServer implements ObservedServer {
  readonly name: string;
  /** What differs from a server without any history. */
  facts: Partial<ServerFacts> = {};
  /** What it knows. */
  known: ByteString[] = [];
  readonly #eventObservers = new Observers<ServerEvent>();
  readonly #reportObservers = new Observers<Report>();

  constructor(name = "Hill") {
    this.name = name;
  }

  /** How many watch its reports. */
  get reportObservers(): number {
    return this.#reportObservers.count;
  }

  /** How many watch its events. */
  get eventObservers(): number {
    return this.#eventObservers.count;
  }

  status(): ServerFacts {
    return serverFacts(this.name, {
      clients: this.known.length,
      ...this.facts,
    });
  }

  find(client: ByteString): Found | Promise<Found> {
    return this.known.findLast((line) => clientOf(line) === client);
  }

  select(_pattern: ByteString, limit: number, cursor = "0"): Promise<Page> {
    const end = Number(cursor) + limit;
    return Promise.resolve({
      lines: this.known.slice(Number(cursor), end),
      next: end < this.known.length ? String(end) : undefined,
    });
  }

  observeEvents(observer: Observer<ServerEvent>): () => void {
    return this.#eventObservers.add(observer);
  }

  observeReports(observer: Observer<Report>): () => void {
    return this.#reportObservers.add(observer);
  }

  /** An event is told. */
  emit(event: Partial<ServerEvent>): void {
    this.#eventObservers.notify({
      time: 1520024734,
      level: "info",
      connection: "server",
      event: "started",
      fields: {},
      ...event,
    });
  }

  /** A report is news. */
  notifyReport(line: ByteString): void {
    this.known.push(line);
    const report = parseReport(line, () => true)!;
    this.#reportObservers.notify(report);
    // The buffer is used again.
    report.bytes.fill(0x21);
  }
}
