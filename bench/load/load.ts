/**
 * The load generator: a program that keeps connections busy for a while and
 * prints a report as JSON.
 *
 *     load.ts LANGUAGE CONNECTIONS DEPTH WARM_UP_SECONDS SECONDS PORT...
 *
 * Each port gets the same number of connections.
 *
 * @module
 */
import process from "node:process";
import { Latencies } from "./latencies.ts";
import type { Requests } from "./layout.ts";
import { type Language, layOut } from "./requests.ts";
import {
  connectLoopback,
  type Descriptor,
  Poller,
  readSome,
  write,
} from "./system.ts";

/** What a load measured. */
export interface LoadReport {
  readonly answers: number;
  readonly seconds: number;
  /** When it began, in milliseconds since 1970. */
  readonly beganMs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** CPU time of the generator divided by the time of the load. */
  readonly busyShare: number;
}

const lineFeed = 0x0a;

/** All connections read into one buffer, one after another. */
const received = new Uint8Array(1024 * 1024);

/** @throws {Error} That says what was received. */
function unexpected(at: number): never {
  const text = new TextDecoder().decode(received.subarray(at, at + 80));
  throw new Error(`an unexpected reply: ${text}`);
}

/** A connection that keeps a fixed number of requests in flight. */
export class LoadConnection {
  readonly descriptor: Descriptor;
  readonly #depth: number;
  readonly #requests: Requests;
  readonly #replyStart: number;
  #next = 0;
  /** How many requests are still to be sent; infinite without a limit. */
  #left: number;
  #inFlight = 0;
  /** When the requests in flight were sent, the oldest first. */
  readonly #sent: { atMs: number; count: number }[] = [];
  /** Whether the next byte is the first one of a reply. */
  #isAtStart = true;
  #lineFeeds = 0;
  /** The length of each reply; 0 if they end with line feeds. */
  #replyBytes = 0;
  /** Bytes of a reply that are still to come. */
  #restBytes = 0;

  /**
   * @param connection The number of the connection, from 0.
   * @param clients How many clients it has. They have their turns.
   * @param limit How many requests it sends.
   */
  constructor(
    port: number,
    language: Language,
    connection: number,
    depth: number,
    clients: number,
    limit = Infinity,
  ) {
    this.descriptor = connectLoopback(port);
    this.#depth = depth;
    this.#requests = layOut(language, connection, clients);
    this.#replyStart = this.#requests.replyStart.charCodeAt(0);
    this.#left = limit;
    const { opening, replyEnds } = this.#requests;
    if (opening === undefined) return;
    write(this.descriptor, opening.bytes);
    const bytes = readSome(this.descriptor, received);
    for (let at = 0; at < opening.replyStart.length; at++) {
      if (received[at] !== opening.replyStart.charCodeAt(at)) unexpected(0);
    }
    if (replyEnds === "length") this.#replyBytes = bytes;
  }

  /** Whether all requests up to the limit are answered. */
  get isDone(): boolean {
    return this.#left === 0 && this.#inFlight === 0;
  }

  /** Sends the first requests. */
  start(): void {
    this.#send(this.#depth);
  }

  /** Sends no further requests until `resume`. */
  pause(): void {
    this.#left = 0;
  }

  /** Goes on after `pause`, when all requests are answered. */
  resume(): void {
    this.#left = Infinity;
    this.#send(this.#depth);
  }

  /** Reads replies, and sends a request for each. */
  onReadable(latencies: Latencies): void {
    const replies = this.#countReplies(readSome(this.descriptor, received));
    this.#inFlight -= replies;
    const nowMs = performance.now();
    let left = replies;
    while (left > 0) {
      const first = this.#sent[0];
      const count = Math.min(left, first.count);
      latencies.addMs(nowMs - first.atMs, count);
      first.count -= count;
      left -= count;
      if (first.count === 0) this.#sent.shift();
    }
    this.#send(replies);
  }

  /** Counts the replies that end here, and checks how each begins. */
  #countReplies(length: number): number {
    if (this.#replyBytes > 0) return this.#countLengths(length);
    const { replyEnds } = this.#requests;
    const lineFeedsAtEnd = replyEnds === 2 ? 2 : 1;
    let replies = 0;
    for (let at = 0; at < length; at++) {
      const byte = received[at];
      if (this.#isAtStart) this.#checkStart(at);
      this.#isAtStart = false;
      if (byte !== lineFeed) {
        this.#lineFeeds = 0;
        continue;
      }
      this.#lineFeeds += 1;
      if (this.#lineFeeds < lineFeedsAtEnd) continue;
      this.#lineFeeds = 0;
      this.#isAtStart = true;
      replies += 1;
    }
    return replies;
  }

  /** Counts the replies of equal length that end here. */
  #countLengths(length: number): number {
    let replies = 0;
    for (let at = 0; at < length;) {
      if (this.#restBytes === 0) {
        this.#checkStart(at);
        this.#restBytes = this.#replyBytes;
      }
      const count = Math.min(this.#restBytes, length - at);
      at += count;
      this.#restBytes -= count;
      if (this.#restBytes === 0) replies += 1;
    }
    return replies;
  }

  #checkStart(at: number): void {
    if (received[at] !== this.#replyStart) unexpected(at);
  }

  #send(most: number): void {
    const { bytes, clients, lengthBytes, renew } = this.#requests;
    let left = Math.min(most, this.#left);
    // Without a limit, a chunk is one write, and may skip the last clients.
    if (this.#left === Infinity && this.#next + left > clients) this.#next = 0;
    while (left > 0) {
      const count = Math.min(left, clients - this.#next);
      const start = this.#next * lengthBytes;
      const end = start + count * lengthBytes;
      if (renew !== undefined) {
        for (let at = start; at < end; at += lengthBytes) renew(at);
      }
      this.#sent.push({ atMs: performance.now(), count });
      write(this.descriptor, bytes.subarray(start, end));
      this.#next = (this.#next + count) % clients;
      this.#left -= count;
      this.#inFlight += count;
      left -= count;
    }
  }
}

/** How long the generator waits before it reads the clock again. */
const waitMs = 10;

/** A connection has at least this many clients. */
export const minClients = 64;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function run(
  connections: ReadonlyMap<Descriptor, LoadConnection>,
  poller: Poller,
  seconds: number,
): LoadReport {
  const latencies = new Latencies();
  const beganMs = Date.now();
  const startMs = performance.now();
  const startCpuMs = cpuMs();
  const onReadable = (descriptor: Descriptor) =>
    connections.get(descriptor)!.onReadable(latencies);
  while (performance.now() - startMs < seconds * 1000) {
    poller.wait(waitMs, onReadable);
  }
  const tookMs = performance.now() - startMs;
  return {
    answers: latencies.count,
    seconds: tookMs / 1000,
    beganMs,
    p50Us: latencies.quantileUs(0.5),
    p99Us: latencies.quantileUs(0.99),
    p999Us: latencies.quantileUs(0.999),
    busyShare: (cpuMs() - startCpuMs) / tookMs,
  };
}

if (import.meta.main) {
  const [language, ...rest] = Deno.args;
  const [count, depth, warmUpSeconds, seconds, ...ports] = rest.map(Number);
  using poller = new Poller();
  const connections = new Map<Descriptor, LoadConnection>();
  for (const port of ports) {
    for (let index = 0; index < count; index++) {
      const connection = new LoadConnection(
        port,
        language as Language,
        connections.size,
        depth,
        Math.max(minClients, 2 * depth),
      );
      connections.set(connection.descriptor, connection);
      poller.add(connection.descriptor);
    }
  }
  // Deno's event loop does not run from here on.
  for (const connection of connections.values()) connection.start();
  run(connections, poller, warmUpSeconds);
  console.log("measuring");
  console.log(JSON.stringify(run(connections, poller, seconds)));
}
