/**
 * What everybody in a soak shares: the servers, what was said so far, and what
 * went wrong.
 *
 * @module
 */
import { loadGazetteer } from "../../places/gazetteer.ts";
import { makeQuery } from "../../places/provider.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { positionOf } from "../../protocol/report.ts";
import { names } from "../end_to_end/process.ts";
import { Random } from "../../runtime/random.ts";
import { Ledger } from "./ledger.ts";
import { Servers } from "./servers.ts";
import { drawClients } from "./words.ts";

/** So many clients are reported on: the tables do not grow for ever. */
const clientCount = 300;

/** Failures told in full; the rest is counted. */
const maxFailuresKept = 20;

/** What is counted. */
export interface Counts {
  connections: number;
  /** Right answers. */
  answers: number;
  wrong: number;
  reordered: number;
  lost: number;
  /** Lines that were under way when their connection ended by a fault. */
  unanswered: number;
  /** Reports that a neighbour was asked for at once, and knew. */
  passedOnAtOnce: number;
  /** Those that it knew a moment later, because it had fallen behind. */
  passedOnLater: number;
  /** Connections that a server closed on a reader who took nothing. */
  slowConsumers: number;
  /** Connections at the peer ports that were no neighbour's. */
  strangers: number;
  kills: number;
  stops: number;
  freezes: number;
  linkFaults: number;
}

/** One soak. */
export class World {
  readonly servers: Servers;
  readonly ledger = new Ledger();
  readonly random: Random;
  readonly clients: readonly ByteString[];
  /** The server that is never killed. */
  readonly anchor: string;
  readonly counts: Counts = {
    connections: 0,
    answers: 0,
    wrong: 0,
    reordered: 0,
    lost: 0,
    unanswered: 0,
    passedOnAtOnce: 0,
    passedOnLater: 0,
    slowConsumers: 0,
    strangers: 0,
    kills: 0,
    stops: 0,
    freezes: 0,
    linkFaults: 0,
  };
  /** Who is connected. */
  readonly connected = new Set<{ giveUp(): void }>();
  /** How long those took that neighbours knew later, in milliseconds. */
  readonly late: number[] = [];
  readonly failures: string[] = [];
  readonly #startedMs = performance.now();
  readonly #faults = new AbortController();
  readonly #load = new AbortController();
  #failureCount = 0;
  #places: (line: ByteString, radiusKm: string, bound: string) => ByteString =
    () => "";

  /** @param flags What every server is started with besides the usual. */
  constructor(seed: number, flags: readonly string[] = []) {
    this.servers = new Servers(flags);
    this.random = new Random(seed);
    this.clients = drawClients(this.random.fork(), clientCount);
    this.anchor = this.random.pick(names);
  }

  /** Loads the places, so as to know what servers have to answer. */
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

  /** The places that a server has to answer beside an AT line. */
  places(line: ByteString, radiusKm: string, bound: string): ByteString {
    return this.#places(line, radiusKm, bound);
  }

  /** Something is not as it has to be. */
  fail(failure: string): void {
    this.#failureCount += 1;
    if (this.failures.length >= maxFailuresKept) return;
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    this.failures.push(`at ${seconds} s: ${failure}`);
  }

  /** How often something was not as it has to be. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Aborts when nothing more is to go wrong. */
  get faultsEnd(): AbortSignal {
    return this.#faults.signal;
  }

  /** Aborts when clients are to finish. */
  get loadEnd(): AbortSignal {
    return this.#load.signal;
  }

  /** Nothing more goes wrong. */
  endFaults(): void {
    this.#faults.abort();
  }

  /** Clients finish. */
  endLoad(): void {
    this.#load.abort();
  }
}

/** Waits, at most until the signal aborts. */
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
