/**
 * One connection of a load generator: keeps a fixed number of requests on their
 * way and tells how long each reply took.
 *
 * @module
 */
import type { Histogram } from "../../runtime/histogram.ts";
import { wholeUs } from "./latencies.ts";
import { countUp, type Language, layOut } from "./requests.ts";
import { connectLoopback, type Descriptor, read, write } from "./system.ts";

const lineFeed = 0x0a;

/** Different clients that report on one connection, at least. */
const minClients = 64;

/** All replies are read into the same buffer, one connection after another. */
const received = new Uint8Array(1024 * 1024);

/** A connection that asks. */
export class LoadConnection {
  readonly descriptor: Descriptor;
  readonly #depth: number;
  readonly #requests: ReturnType<typeof layOut>;
  readonly #replyStart: number;
  #next = 0;
  /** When the requests that have no reply yet were sent, in order. */
  readonly #sent: { atMs: number; count: number }[] = [];
  /** Whether the next byte is the first of a reply. */
  #isAtStart = true;
  #lineFeeds = 0;

  /** @param depth How many requests are on their way at any time. */
  constructor(
    port: number,
    language: Language,
    connection: number,
    depth: number,
  ) {
    this.descriptor = connectLoopback(port);
    this.#depth = depth;
    this.#requests = layOut(
      language,
      connection,
      Math.max(minClients, 2 * depth),
    );
    this.#replyStart = this.#requests.replyStart.charCodeAt(0);
  }

  /** Sends the first requests. */
  start(): void {
    this.#sendRequests(this.#depth);
  }

  /** Takes what came in, and asks as many times again as there were replies. */
  answer(latencies: Histogram): void {
    const length = read(this.descriptor, received);
    if (length === 0) throw new Error("the server closed the connection");
    const replies = this.#countReplies(length);
    const nowMs = performance.now();
    let left = replies;
    while (left > 0) {
      const first = this.#sent[0];
      const count = Math.min(left, first.count);
      latencies.add(wholeUs(nowMs - first.atMs), count);
      first.count -= count;
      left -= count;
      if (first.count === 0) this.#sent.shift();
    }
    if (replies > 0) this.#sendRequests(replies);
  }

  /** Counts whole replies, and looks at how each begins. */
  #countReplies(length: number): number {
    const { replyEnds } = this.#requests;
    let replies = 0;
    for (let at = 0; at < length; at++) {
      const byte = received[at];
      if (this.#isAtStart && byte !== this.#replyStart) {
        const text = new TextDecoder().decode(received.subarray(at, at + 80));
        throw new Error(`an unexpected reply: ${text}`);
      }
      this.#isAtStart = false;
      if (byte !== lineFeed) {
        this.#lineFeeds = 0;
        continue;
      }
      this.#lineFeeds += 1;
      if (this.#lineFeeds < replyEnds) continue;
      this.#lineFeeds = 0;
      this.#isAtStart = true;
      replies += 1;
    }
    return replies;
  }

  #sendRequests(count: number): void {
    const { bytes, counterEnd, lengthBytes } = this.#requests;
    if (this.#next + count > this.#requests.count) this.#next = 0;
    const start = this.#next * lengthBytes;
    const end = start + count * lengthBytes;
    this.#next += count;
    if (counterEnd > 0) {
      for (let at = start; at < end; at += lengthBytes) {
        countUp(bytes, at + counterEnd);
      }
    }
    this.#sent.push({ atMs: performance.now(), count });
    write(this.descriptor, bytes.subarray(start, end));
  }
}
