/**
 * The shared state of a soak: the servers, the expected reports, the counts and
 * the failures.
 *
 * @module
 */
import { loadGazetteer } from "../../places/gazetteer.ts";
import { makeQuery } from "../../places/provider.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { positionOf } from "../../protocol/report.ts";
import { names } from "../end_to_end/process.ts";
import { Random } from "../../runtime/random.ts";
import { type AttackKind, attackKinds } from "./attacks.ts";
import { ExpectedReports } from "./expected_reports.ts";
import { Servers } from "./servers.ts";
import { drawClients } from "./random_lines.ts";
import { canReport, gateways, type Via } from "./translators.ts";

/** The number of client IDs. It limits the servers' memory. */
const clientCount = 300;

/** Most failures that are kept with their texts; further ones are counted. */
const maxFailuresKept = 20;

/** The counts of a soak. */
export interface Counts {
  connections: number;
  /** Of them, by the way to the server. */
  readonly connectionsVia: Record<Via, number>;
  /** Correct answers. */
  answers: number;
  /** Of them, by the way to the server. */
  readonly answersVia: Record<Via, number>;
  wrong: number;
  reordered: number;
  lost: number;
  /** Lines without an answer because a fault ended their connection. */
  unanswered: number;
  /** Reports that a neighbour had right after the answer. */
  immediateArrivals: number;
  /** Reports that a neighbour had later. */
  lateArrivals: number;
  /** Connections that a server closed because the client read nothing. */
  slowConsumers: number;
  /** Connections of unknown peers to peer ports. */
  unknownPeers: number;
  kills: number;
  stops: number;
  freezes: number;
  linkFaults: number;
  /** Attacks of hostile clients. */
  readonly attacks: Record<AttackKind, number>;
}

/** All ways to a server. */
const ways: readonly Via[] = ["client port", ...gateways];

const noneVia = () =>
  Object.fromEntries(ways.map((via) => [via, 0])) as Record<Via, number>;

/** One soak. */
export class World {
  readonly servers: Servers;
  readonly expected = new ExpectedReports();
  readonly random: Random;
  readonly clients: readonly ByteString[];
  readonly #idsVia: ReadonlyMap<Via, readonly ByteString[]>;
  /** The server that is never killed. */
  readonly anchor: string;
  readonly counts: Counts = {
    connections: 0,
    connectionsVia: noneVia(),
    answers: 0,
    answersVia: noneVia(),
    wrong: 0,
    reordered: 0,
    lost: 0,
    unanswered: 0,
    immediateArrivals: 0,
    lateArrivals: 0,
    slowConsumers: 0,
    unknownPeers: 0,
    kills: 0,
    stops: 0,
    freezes: 0,
    linkFaults: 0,
    attacks: Object.fromEntries(
      attackKinds.map((kind) => [kind, 0]),
    ) as Counts["attacks"],
  };
  /** The open connections. */
  readonly connected = new Set<{ giveUp(): void }>();
  /** The times of the late arrivals, in milliseconds. */
  readonly lateMs: number[] = [];
  readonly failures: string[] = [];
  readonly #startedMs = performance.now();
  readonly #faults = new AbortController();
  readonly #load = new AbortController();
  #failureCount = 0;
  #places: (line: ByteString, radiusKm: string, bound: string) => ByteString =
    () => "";

  /** @param flags Additional flags of every server. */
  constructor(seed: number, flags: readonly string[] = []) {
    this.servers = new Servers(flags);
    this.random = new Random(seed);
    this.clients = drawClients(this.random.fork(), clientCount);
    const idsFor = (via: Via) =>
      this.clients.filter((client) => canReport(via, client));
    this.#idsVia = new Map(ways.map((via) => [via, idsFor(via)]));
    this.anchor = this.random.pick(names);
  }

  /** The IDs that can report in a way. */
  idsFor(via: Via): readonly ByteString[] {
    return this.#idsVia.get(via)!;
  }

  /** Loads the gazetteer, with which the places in answers are checked. */
  async load(): Promise<void> {
    const gazetteer = await loadGazetteer();
    const kept = new Map<string, ByteString>();
    this.#places = (line, radiusKm, bound) => {
      const position = positionOf(line);
      const key = [...Object.values(position), radiusKm, bound].join();
      let text = kept.get(key);
      if (text === undefined) {
        text = gazetteer.nearby(makeQuery(position, radiusKm, bound));
        kept.set(key, text);
      }
      return text;
    };
  }

  /** The places that an answer with this AT line must have. */
  places(line: ByteString, radiusKm: string, bound: string): ByteString {
    return this.#places(line, radiusKm, bound);
  }

  /** Records a failure. */
  fail(failure: string): void {
    this.#failureCount += 1;
    if (this.failures.length >= maxFailuresKept) return;
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    this.failures.push(`at ${seconds} s: ${failure}`);
  }

  /** The number of failures. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Aborts at the end of the faults. */
  get faultsEnd(): AbortSignal {
    return this.#faults.signal;
  }

  /** Aborts at the end of the load. */
  get loadEnd(): AbortSignal {
    return this.#load.signal;
  }

  endFaults(): void {
    this.#faults.abort();
  }

  endLoad(): void {
    this.#load.abort();
  }
}

/** Waits for this time, or until the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
