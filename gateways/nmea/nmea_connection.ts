/**
 * One TCP connection of the NMEA gateway. The client sends sentences; nothing is
 * sent to it.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { LineFramer } from "../../protocol/framer.ts";
import { isHttpRequestLine } from "../../protocol/http_request_line.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { ReplicaError } from "../../replica/settling.ts";
import { secondsOf } from "../../runtime/clock.ts";
import {
  closeQuietly,
  describeFault,
  EncryptionError,
  ReadBuffer,
} from "../../runtime/transport.ts";
import { heartbeatMs } from "../../sessions/limits.ts";
import { Pace } from "../../sessions/pace.ts";
import type {
  ConnectionEnd,
  Opening,
  ServedConnection,
} from "../../sessions/served_connection.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { maxNmeaLineBytes } from "../readers/limits.ts";
import { linesPerPiece } from "./limits.ts";
import { identifyConnection, Refusal } from "./nmea_access.ts";
import { NmeaFeed } from "./nmea_feed.ts";

/** One connection. */
export class NmeaConnection implements ServedConnection {
  readonly addressKey: string | undefined;
  readonly replyBytes = 0;
  readonly #context: GatewayContext;
  readonly #opening: Opening;
  readonly #framer = new LineFramer(maxNmeaLineBytes);
  readonly #reading = new ReadBuffer();
  #feed: NmeaFeed | undefined;
  /** Slows the client down; undefined if its rate is not limited. */
  #pace: Pace | undefined;
  #hasLine = false;
  /** The chunk that is being processed. */
  #processing: Promise<void> | undefined;
  #heldBytes = 0;
  #hasProgressed = false;
  #quietHeartbeats = 0;
  #end: ConnectionEnd | undefined;
  /** Whether nothing more is taken, not even of the chunk that was read. */
  #isOver = false;
  #detail = "";

  constructor(context: GatewayContext, opening: Opening) {
    this.#context = context;
    this.#opening = opening;
    this.addressKey = opening.source.key;
  }

  get idleMs(): number {
    if (this.#end !== undefined || this.#processing !== undefined) return 0;
    return this.#quietMs;
  }

  get unfinishedBytes(): number {
    return this.#framer.unfinishedBytes;
  }

  get detail(): string {
    return this.#detail;
  }

  async run(): Promise<ConnectionEnd> {
    const { receivedBytes, transport } = this.#opening;
    try {
      this.#feed = await this.#identify();
      while (this.#feed !== undefined && this.#end === undefined) {
        const { buffer } = this.#reading;
        const count = await transport.read(buffer);
        if (this.#end !== undefined) break;
        if (count !== null) {
          this.#hasProgressed = true;
          this.#reading.noteRead(count, receivedBytes.hasRoom);
        }
        this.#processing = this.#process(this.#feed, buffer, count);
        await this.#processing;
        this.#processing = undefined;
        if (count === null) break;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#finish();
    return this.#end ?? "client closed";
  }

  async stop(): Promise<void> {
    this.#end ??= "stopping";
    this.#pace?.end();
    try {
      await this.#processing;
    } catch {
      // `run` ends with it.
    }
    closeQuietly(this.#opening.transport);
  }

  onHeartbeat(): void {
    this.#quietHeartbeats = this.#hasProgressed ? 0 : this.#quietHeartbeats + 1;
    this.#hasProgressed = false;
    this.checkIdentity();
    const { counts, limits } = this.#context.services;
    if (this.idleMs < limits.idleMs) return;
    counts.hit("idle-seconds");
    this.abort("idle", `no sentence in ${this.idleMs} ms`);
  }

  checkIdentity(): void {
    const { clock } = this.#context.services;
    const ended = this.#feed?.sender.identity?.endAt(secondsOf(clock));
    if (ended !== undefined) this.#endIdentity(ended);
  }

  endCertificate(detail: string): void {
    // It may still be in its handshake.
    if (this.#opening.transport.peerCertificate === undefined) return;
    this.#endIdentity(detail);
  }

  #endIdentity(detail: string): void {
    if (this.#end !== undefined) return;
    this.#context.services.refusals.add("identity-ended");
    this.abort("identity ended", detail);
  }

  abort(end: ConnectionEnd, detail: string): void {
    this.#endWith(end, detail);
    this.#finish();
    this.#feed?.sender.settling.cancel();
  }

  get #quietMs(): number {
    return Math.max(0, this.#quietHeartbeats - 1) * heartbeatMs;
  }

  /** What takes the client's sentences; undefined if it is refused. */
  async #identify(): Promise<NmeaFeed | undefined> {
    const { source, traffic } = this.#opening;
    const identity = await identifyConnection(this.#context, this.#opening);
    // The connection may have been ended meanwhile.
    if (this.#end !== undefined) return undefined;
    if (identity instanceof Refusal) {
      this.#endWith(identity.end, identity.detail);
      return undefined;
    }
    const { clock, counts, rates } = this.#context.services;
    if (rates !== undefined) {
      const own = rates.ofConnection(identity, clock.elapsedMs());
      this.#pace = new Pace(own, clock, counts);
    }
    const feed = new NmeaFeed(this.#context, identity, traffic, source);
    feed.sender.rates = this.#pace?.rates;
    return feed;
  }

  /**
   * Takes the sentences of a chunk.
   *
   * @param count Its length; null for the end of the stream.
   */
  async #process(
    feed: NmeaFeed,
    buffer: Uint8Array,
    count: number | null,
  ): Promise<void> {
    const { backend, turns } = this.#context.services;
    const { traffic, workload } = feed.sender;
    const framer = this.#framer;
    if (count !== null) framer.push(buffer, count);
    for (let isMore = true; isMore && !this.#isOver;) {
      for (let room; (room = traffic.whenDrained()) !== undefined;) await room;
      await turns.begin(workload);
      const now = backend.now();
      let due: Promise<void> | undefined;
      for (let lines = 0; isMore && lines < linesPerPiece; lines++) {
        due = this.#pace?.whenDue();
        if (due !== undefined) break;
        isMore = count === null ? framer.end() : framer.next();
        if (isMore && !this.#isOver) this.#takeLine(feed, framer.line, now);
      }
      turns.end(workload);
      if (framer.tooLong !== undefined) this.#refuseLongLine();
      this.#countHeldBytes();
      await feed.flush();
      await due;
    }
  }

  #takeLine(feed: NmeaFeed, line: ByteString, now: Timestamp): void {
    const isFirst = !this.#hasLine;
    this.#hasLine = true;
    if (isFirst && isHttpRequestLine(line)) {
      // A web page can make a browser on this machine send it.
      this.#context.services.refusals.add("http-request");
      this.#endWith("HTTP request", "");
    } else feed.take(line, now);
  }

  #refuseLongLine(): void {
    const { intake, services: { counts } } = this.#context;
    counts.hit("line-bytes");
    intake.count("line-too-long");
    this.#endWith("line too long", `over ${maxNmeaLineBytes} bytes`);
  }

  #endWith(end: ConnectionEnd, detail: string): void {
    this.#isOver = true;
    this.#end ??= end;
    this.#detail ||= detail;
  }

  #fail(error: unknown): void {
    if (error instanceof ReplicaError) {
      this.#endWith("replica failed", error.message);
    } else if (error instanceof EncryptionError) {
      this.#endWith("encryption failed", describeFault(error));
    } else this.#endWith("connection lost", describeFault(error));
  }

  #countHeldBytes(): void {
    const held = this.#isOver
      ? 0
      : this.#framer.unfinishedBytes + this.#reading.extraBytes;
    this.#opening.receivedBytes.add(held - this.#heldBytes);
    this.#heldBytes = held;
  }

  #finish(): void {
    this.#isOver = true;
    this.#pace?.end();
    this.#countHeldBytes();
    closeQuietly(this.#opening.transport);
  }
}
