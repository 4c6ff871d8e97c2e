/**
 * Computes the statistics of one server's log.
 *
 * @module
 */
import { type EventRecord, isOfGateway } from "../log/parse.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { type Verb, verbs } from "../protocol/command.ts";
import type { Histogram } from "../runtime/histogram.ts";
import { printable } from "./format.ts";
import { peerKind, replyKind, requestKind } from "./line_kinds.ts";
import { type LinkObservation, LinkObserver } from "./link_times.ts";
import { createHistogram } from "./percentiles.ts";
import { type Propagation, PropagationSample } from "./propagation.ts";
import type { Direction, RecordVisitor } from "./record_reader.ts";
import { ReplyTimes } from "./reply_times.ts";
import { countingTimeline, Timeline } from "./timeline.ts";

/** Counts by name. */
export type Counts = ReadonlyMap<string, number>;

/** What a log lacks, according to its `log-incomplete` records. */
export interface Missing {
  /** The number of gaps. */
  readonly gaps: number;
  readonly lines: number;
  readonly bytes: number;
}

/** How long clients of one server, or of all, have waited for answers. */
export type Waits = Readonly<Record<Verb, Histogram>>;

/** Creates empty histograms. */
export function noWaits(): Waits {
  const waits = verbs.map((verb) => [verb, createHistogram()]);
  return Object.fromEntries(waits) as Waits;
}

/** Adds `other` to `into` and returns `into`. */
export function addWaits(into: Waits, other: Waits): Waits {
  for (const verb of verbs) into[verb].addAll(other[verb]);
  return into;
}

/** Reads the log of one server, with its files in order. */
export class ServerStats implements RecordVisitor {
  readonly server: string;
  /** The first and the last time, in microseconds since 1970. */
  firstUs = Infinity;
  lastUs = -Infinity;
  /** How often the server was started. */
  runs = 0;
  /** How many connections of clients there were. */
  connections = 0;
  /** Lines from clients and answers to them, by kind. */
  readonly fromClients = new Map<string, number>();
  readonly toClients = new Map<string, number>();
  /** Lines between servers, by kind. */
  readonly fromPeers = new Map<string, number>();
  readonly toPeers = new Map<string, number>();
  /** Events by name. */
  readonly events = new Map<string, number>();
  readonly waits = noWaits();
  /** `waits` over time. */
  readonly waitsOverTime = new Timeline<Waits>(noWaits, addWaits);
  /** Reports of clients over time. */
  readonly updates = countingTimeline();
  readonly #links: LinkObserver;
  readonly #replies = new ReplyTimes();
  readonly #propagation: PropagationSample;
  #lastRecordUs = 0;
  #missing: Missing = { gaps: 0, lines: 0, bytes: 0 };

  constructor(server: string) {
    this.server = server;
    this.#links = new LinkObserver(server);
    this.#propagation = new PropagationSample(server);
  }

  get missing(): Missing {
    return this.#missing;
  }

  /** How long reports took from their origins to this server. */
  get propagation(): Propagation | undefined {
    return this.#propagation.result();
  }

  get links(): LinkObservation[] {
    return this.#links.views(this.#lastRecordUs);
  }

  traffic(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    this.#noteTime(timeUs);
    if (connection.startsWith("client/")) {
      if (direction === "received") this.#request(timeUs, connection, text);
      else this.#reply(timeUs, connection, text);
      return;
    }
    if (isOfGateway(connection)) {
      return this.#gatewayTraffic(timeUs, direction, text);
    }
    // If the beginning of the log is missing, so are the `link-up` events of
    // open links.
    if (this.runs === 0) this.#links.onTraffic(this.firstUs, connection);
    const kind = peerKind(text);
    count(direction === "received" ? this.fromPeers : this.toPeers, kind);
    if (kind === "AT" && direction === "received") {
      this.#propagation.received(timeUs, text);
    }
  }

  event(timeUs: number, { connection, event, fields }: EventRecord): void {
    count(this.events, event);
    if (event === "started") {
      this.runs += 1;
      this.#links.onRestart(this.#lastRecordUs);
      this.#replies.onRestart();
    }
    this.#noteTime(timeUs);
    const neighbour = printable(fields["neighbour"]);
    switch (event) {
      case "connected":
        this.connections += 1;
        this.#replies.onConnect(connection);
        break;
      case "closed":
        this.#replies.onClose(connection);
        break;
      case "link-up":
        this.#links.onUp(timeUs, neighbour, connection);
        break;
      case "link-down":
        this.#links.onDown(
          timeUs,
          neighbour,
          connection,
          printable(fields["reason"]),
        );
        break;
      case "dial-failed":
        this.#links.addNeighbour(neighbour);
        break;
      case "log-incomplete":
        this.#missing = {
          gaps: this.#missing.gaps + 1,
          lines: this.#missing.lines + Number(fields["lostLines"]),
          bytes: this.#missing.bytes + Number(fields["lostBytes"]),
        };
        this.#replies.onGap();
        break;
    }
  }

  #noteTime(timeUs: number): void {
    if (timeUs < this.firstUs) {
      this.firstUs = timeUs;
      this.#propagation.setBeginning(timeUs);
    }
    if (timeUs > this.lastUs) this.lastUs = timeUs;
    this.#lastRecordUs = timeUs;
  }

  /** Counts the reports that a gateway has taken, and no other traffic. */
  #gatewayTraffic(
    timeUs: number,
    direction: Direction,
    text: ByteString,
  ): void {
    if (direction === "received" && text.startsWith("IAMAT ")) {
      count(this.fromClients, "IAMAT");
      this.updates.add(timeUs, addOne);
    } else if (direction === "sent" && text.startsWith("AT ")) {
      count(this.toClients, "AT");
    }
  }

  #request(timeUs: number, connection: string, text: ByteString): void {
    const kind = requestKind(text);
    count(this.fromClients, kind);
    if (kind === "IAMAT") this.updates.add(timeUs, addOne);
    this.#replies.onRequest(connection, timeUs, kind);
  }

  #reply(timeUs: number, connection: string, text: ByteString): void {
    const reply = replyKind(text);
    count(this.toClients, reply);
    const answered = this.#replies.onReply(connection, timeUs, reply);
    if (answered === undefined) return;
    const { kind, verb, waitedUs } = answered;
    if (kind !== verb) {
      count(this.fromClients, verb, -1);
      count(this.fromClients, kind);
    }
    if (waitedUs === undefined || kind === "invalid") return;
    this.waits[kind].add(waitedUs);
    this.waitsOverTime.add(timeUs, (waits) => {
      waits[kind].add(waitedUs);
      return waits;
    });
  }
}

const addOne = (sum: number) => sum + 1;

function count(counts: Map<string, number>, key: string, change = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + change);
}
