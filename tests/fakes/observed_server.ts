/**
 * An observed server whose state a test sets.
 *
 * @module
 */
import type { ObservedServer } from "../../admin/observed_server.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, parseReport, type Report } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type {
  ForgetRefusal,
  Forgotten,
  Found,
  Page,
} from "../../replica/replica.ts";
import type { LimitName } from "../../runtime/limit_counts.ts";
import type { RefusalName } from "../../runtime/refusal_counts.ts";
import { type Observer, Observers } from "../../runtime/observers.ts";
import { serverFacts as model } from "../../server/status/fields.ts";
import type {
  AgedSummary,
  ServerEvent,
  ServerFacts,
} from "../../server/status/status.ts";

/** Some fields of a status, and of each object in it some fields. */
export type Given<Status> = {
  readonly [Name in keyof Status]?: Status[Name] extends readonly unknown[]
    ? Status[Name]
    : Partial<Status[Name]>;
};

/** A status with these fields replaced. */
export function fill<Status>(status: Status, given: Given<Status>): Status {
  const known = status as Readonly<Record<string, unknown>>;
  const fields = Object.entries(given).map(([name, value]) => {
    const isObject = value?.constructor === Object;
    return [name, isObject ? { ...known[name] as object, ...value } : value];
  });
  return { ...status, ...Object.fromEntries(fields) };
}

/** The facts of a server that has just started, with these fields replaced. */
export function serverFacts(
  name: string,
  facts: Given<ServerFacts> = {},
): ServerFacts {
  const fresh = fill(model.initial, {
    name,
    startedAt: 1520024000,
    uptimeSeconds: 0,
    clientPorts: ["127.0.0.1:8000"],
    peerPort: "127.0.0.1:8100",
    places: { provider: "gazetteer" },
    log: { path: "logs/Hill.log" },
  });
  return fill(fresh, facts);
}

export class FakeObservedServer implements ObservedServer {
  readonly name: string;
  /** Facts that differ from those of a server that has just started. */
  facts: Given<ServerFacts> = {};
  /** The AT lines that it has. */
  known: ByteString[] = [];
  /** The summaries of other servers that it has. */
  received: readonly AgedSummary[] = [];
  /** If a test sets it, no client is forgotten. */
  forgetRefusal: ForgetRefusal | undefined;
  /** The limits that were reached. */
  readonly limits: LimitName[] = [];
  /** What was refused. */
  readonly refusals: RefusalName[] = [];
  readonly #eventObservers = new Observers<ServerEvent>();
  readonly #reportObservers = new Observers<Report>();

  constructor(name = "Hill") {
    this.name = name;
  }

  /** How many observers of reports there are. */
  get reportObservers(): number {
    return this.#reportObservers.count;
  }

  /** How many observers of events there are. */
  get eventObservers(): number {
    return this.#eventObservers.count;
  }

  status(): ServerFacts {
    return serverFacts(this.name, {
      clients: this.known.length,
      ...this.facts,
    });
  }

  summaries(): readonly AgedSummary[] {
    return this.received;
  }

  find(client: ByteString): Found | Promise<Found> {
    return this.known.findLast((line) => clientOf(line) === client);
  }

  forget(
    client: ByteString,
    until: Timestamp = { seconds: 1520024734, nanoseconds: 5 },
  ): Promise<Forgotten | ForgetRefusal> {
    if (this.forgetRefusal !== undefined) {
      return Promise.resolve(this.forgetRefusal);
    }
    const removed = this.known.findLast((line) => clientOf(line) === client);
    this.known = this.known.filter((line) => clientOf(line) !== client);
    return Promise.resolve({ until, removed });
  }

  select(_pattern: ByteString, limit: number, cursor = "0"): Promise<Page> {
    const end = Number(cursor) + limit;
    const lines = this.known.slice(Number(cursor), end);
    return Promise.resolve({
      lines,
      attributes: lines.map(() => ""),
      next: end < this.known.length ? String(end) : undefined,
    });
  }

  observeEvents(observer: Observer<ServerEvent>): () => void {
    return this.#eventObservers.add(observer);
  }

  observeReports(observer: Observer<Report>): () => void {
    return this.#reportObservers.add(observer);
  }

  countLimit(limit: LimitName): void {
    this.limits.push(limit);
  }

  countRefusal(name: RefusalName): void {
    this.refusals.push(name);
  }

  /** Notifies observers of an event. */
  emit(event: Partial<ServerEvent>): void {
    this.#eventObservers.notify({
      time: 1520024734,
      uptimeSeconds: 0,
      level: "info",
      connection: "server",
      event: "started",
      fields: {},
      ...event,
    });
  }

  /** Stores a report, and notifies observers of it. */
  notifyReport(line: ByteString): void {
    this.known.push(line);
    const report = parseReport(line, () => true)!;
    this.#reportObservers.notify(report);
    // Real servers reuse the buffer.
    report.bytes.fill(0x21);
  }
}
