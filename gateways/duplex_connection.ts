/**
 * One connection of a gateway on which both sides may send at any time, as by
 * MQTT and WebSocket. It reads, processes one message after the other in its
 * turns, and writes the answers after the replica has confirmed the reports
 * before them.
 *
 * @module
 */
import type { Timestamp } from "../protocol/time.ts";
import { ReplicaError } from "../replica/settling.ts";
import { secondsOf } from "../runtime/clock.ts";
import {
  closeQuietly,
  describeFault,
  EncryptionError,
  lingerAndClose,
  ReadBuffer,
} from "../runtime/transport.ts";
import {
  heartbeatMs,
  maxWriteBytes,
  untimedBytes,
  untimedMs,
} from "../sessions/limits.ts";
import type {
  ConnectionEnd,
  Opening,
  ServedConnection,
} from "../sessions/served_connection.ts";
import { Pace } from "../sessions/pace.ts";
import type { GatewayContext } from "./gateway_context.ts";
import { type GatewayName, Sender } from "./intake.ts";
import { goodbyeMs, messagesPerPiece } from "./limits.ts";
import type { OutputBuffer, OutputPool } from "./output_buffer.ts";

/** A connection; its subclasses know the protocol. */
export abstract class DuplexConnection<Output extends OutputBuffer>
  implements ServedConnection {
  readonly addressKey: string | undefined;
  protected readonly opening: Opening;
  protected readonly context: GatewayContext;
  protected readonly sender: Sender;
  /** When the messages arrived that are being processed. */
  protected now: Timestamp;
  readonly #pool: OutputPool<Output>;
  readonly #reading = new ReadBuffer();
  /** What is to be sent; undefined if there is nothing. */
  #output: Output | undefined;
  #processing: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #writingBytes = 0;
  /** What this connection adds to `receivedBytes`. */
  #heldBytes = 0;
  #isSending = false;
  /** Whether a write has progressed since the last heartbeat. */
  #hasSent = false;
  /** Whether anything was received since the last heartbeat. */
  #hasReceived = false;
  /** Heartbeats in a row without a byte from the client. */
  #quietHeartbeats = 0;
  /** Heartbeats in a row of a write without progress. */
  #stuckHeartbeats = 0;
  #end: ConnectionEnd | undefined;
  #detail = "";
  #cancelClosing: (() => void) | undefined;
  #isOver = false;
  #pace: Pace | undefined;

  constructor(
    opening: Opening,
    context: GatewayContext,
    gateway: GatewayName,
    pool: OutputPool<Output>,
  ) {
    this.opening = opening;
    this.context = context;
    this.#pool = pool;
    this.addressKey = opening.source.key;
    this.sender = new Sender(gateway, opening.traffic, opening.source);
    this.sender.address = opening.address;
    this.now = context.services.backend.now();
  }

  get unfinishedBytes(): number {
    return this.partBytes;
  }

  get replyBytes(): number {
    return (this.#output?.length ?? 0) + this.#writingBytes;
  }

  get idleMs(): number {
    if (this.isEnding || !this.isIdle) return 0;
    return Math.max(0, this.#quietHeartbeats - 1) * heartbeatMs;
  }

  get detail(): string {
    return this.#detail;
  }

  async run(): Promise<ConnectionEnd> {
    const { transport } = this.opening;
    try {
      while (!this.isEnding) {
        const count = await transport.read(this.#reading.buffer);
        if (count === null) break;
        const wait = this.#processChunk(count);
        if (wait !== undefined) await wait;
      }
      if (this.isEnding) {
        await lingerAndClose(transport, this.context.services.clock, goodbyeMs);
      } else {
        await this.onEndOfStream();
      }
    } catch (error) {
      this.fail(error);
    }
    this.#isOver = true;
    this.#cancelClosing?.();
    closeQuietly(transport);
    this.opening.receivedBytes.add(-this.#heldBytes);
    this.#heldBytes = 0;
    this.release();
    return this.#end ?? "client closed";
  }

  /** Answers what was received, and says goodbye. */
  async stop(): Promise<void> {
    await this.leave("stopping", "");
  }

  onHeartbeat(): void {
    this.#quietHeartbeats = this.#hasReceived ? 0 : this.#quietHeartbeats + 1;
    this.#hasReceived = false;
    if (this.isEnding) return;
    if (this.#isSending) return this.#checkWrite();
    const { counts, limits: { idleMs } } = this.context.services;
    this.checkIdentity();
    if (this.isEnding) return;
    if (this.isIdle && this.quietMs >= idleMs) {
      counts.hit("idle-seconds");
      this.abort("idle", `nothing received for ${idleMs} ms`);
    } else {
      this.checkSilence();
    }
  }

  /** Ends the connection if the identity of the client has ended. */
  checkIdentity(): void {
    const { access: { identities }, services: { clock } } = this.context;
    const ended = this.sender.identity?.endAt(secondsOf(clock));
    if (ended === undefined || this.isEnding) return;
    identities.countRefusal("identity-ended");
    this.leave("identity ended", ended);
  }

  abort(end: ConnectionEnd, detail: string): void {
    this.endWith(end, detail);
    this.#abandon();
  }

  /** The memory of a message that has not ended yet, in bytes. */
  protected abstract readonly partBytes: number;

  /** Adds a chunk, of which the first `count` bytes are to be processed. */
  protected abstract push(chunk: Uint8Array, count: number): void;

  /**
   * Processes the next message of the chunk.
   *
   * @returns False if there is no whole one. A promise if the rest has to wait.
   */
  protected abstract processNext(output: Output): boolean | Promise<unknown>;

  /** Adds the last message: the reason why this side ends the connection. */
  protected abstract sayGoodbye(output: Output, end: ConnectionEnd): void;

  /** Is called once a second while nothing is being sent. */
  protected abstract checkSilence(): void;

  /** Whether there is more to be sent than the output has. */
  protected get hasMore(): boolean {
    return false;
  }

  /** Adds some of what there is more. */
  protected addMore(_output: Output): void | Promise<void> {}

  /** Is called when the client has ended its side. */
  protected onEndOfStream(): void | Promise<void> {}

  /** Gives back what the connection has. */
  protected release(): void {}

  /** Whether the connection only waits for the client. */
  protected get isIdle(): boolean {
    return this.#processing === undefined && this.#writing === undefined;
  }

  /** Whether the connection is to end, for any reason but the client's end. */
  protected get isEnding(): boolean {
    return this.#end !== undefined;
  }

  /** For how long nothing was received, in milliseconds, at least. */
  protected get quietMs(): number {
    // The first heartbeat may have come right after the last byte.
    return Math.max(0, this.#quietHeartbeats - 1) * heartbeatMs;
  }

  /** No further message is processed. The first reason counts. */
  protected endWith(end: ConnectionEnd, detail: string): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#detail = detail;
  }

  /**
   * Slows down a client that reports or queries more often than its rates
   * permit; undefined if they are not limited. Ask for it when the identity is
   * known.
   */
  protected get pace(): Pace | undefined {
    const { clock, counts, rates } = this.context.services;
    if (rates === undefined) return undefined;
    const { sender } = this;
    // Those of the sender are replaced with its identity.
    sender.rates ??= rates.ofConnection(sender.identity, clock.elapsedMs());
    this.#pace ??= new Pace(sender.rates, clock, counts);
    this.#pace.rates = sender.rates;
    return this.#pace;
  }

  /** What is to be sent next. */
  protected get output(): Output {
    return this.#output ??= this.#pool.acquire();
  }

  /** Ends the connection in an orderly way, whatever the client does. */
  protected async leave(end: ConnectionEnd, detail: string): Promise<void> {
    this.endWith(end, detail);
    if (this.#isOver) return;
    this.#pace?.end();
    const { clock } = this.context.services;
    this.#cancelClosing ??= clock.after(goodbyeMs, () => this.#abandon());
    try {
      await this.#processing;
      this.sayGoodbye(this.output, end);
      await this.write();
      await this.opening.transport.closeWrite();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Writes what became ready between two reads. */
  protected async writeInBackground(): Promise<void> {
    try {
      await this.write();
    } catch (error) {
      this.fail(error);
    }
  }

  /**
   * Flushes the replica, then writes what there is. Undefined if there is
   * nothing to wait for.
   *
   * @throws {ReplicaError} If no further answer may be written.
   */
  protected write(): Promise<void> | undefined {
    this.flushReplica();
    if (this.#writing !== undefined) return this.#writeNext();
    if (this.hasMore || this.#hasOutput) {
      return this.#writing = this.#writeAll();
    }
    return undefined;
  }

  /** @throws {ReplicaError} If no further answer may be written. */
  protected flushReplica(): void {
    const { settling } = this.sender;
    this.context.intake.flush(this.sender);
    if (settling.failure !== undefined) throw settling.failure;
  }

  /** Undefined if the replica has confirmed all reports; else resolves then. */
  protected whenSettled(): Promise<void> | undefined {
    return this.sender.settling.settled();
  }

  protected fail(error: unknown): void {
    if (error instanceof ReplicaError) {
      this.endWith("replica failed", error.message);
    } else {
      const end = error instanceof EncryptionError
        ? "encryption failed"
        : "connection lost";
      this.endWith(end, describeFault(error));
    }
    this.#abandon();
  }

  #abandon(): void {
    this.#pace?.end();
    closeQuietly(this.opening.transport);
    this.sender.settling.cancel();
  }

  /** Processes the bytes read. Returns what the next read must wait for. */
  #processChunk(count: number): Promise<void> | undefined {
    this.#hasReceived = true;
    this.push(this.#reading.buffer, count);
    this.#reading.noteRead(count, this.opening.receivedBytes.hasRoom);
    const isShort = count <= untimedBytes;
    const { turns } = this.context.services;
    const wait = turns.begin(this.sender.workload) ??
      this.#processMessages(isShort);
    if (wait === undefined) return this.write();
    return this.#processing = this.#processRest(wait, isShort);
  }

  async #processRest(
    firstWait: Promise<unknown>,
    isShort: boolean,
  ): Promise<void> {
    try {
      let wait: Promise<unknown> | undefined = firstWait;
      while (wait !== undefined) {
        await wait;
        wait = this.#processMessages(isShort);
      }
    } finally {
      this.#processing = undefined;
    }
    await this.write();
  }

  /**
   * Processes messages of a chunk. Returns what the rest must wait for;
   * undefined at the end of the chunk.
   */
  #processMessages(isShort: boolean): Promise<unknown> | undefined {
    const { backend, turns } = this.context.services;
    const { traffic, workload } = this.sender;
    this.now = backend.now(turns.lastWorkAtMs);
    traffic.stampTime(this.now);
    for (let messages = 1; !this.isEnding; messages++) {
      const room = traffic.whenDrained();
      if (room !== undefined) return this.#waitForTurn(room);
      const due = this.pace?.whenDue();
      if (due !== undefined) return this.#writeBefore(due);
      const output = this.output;
      if (output.length >= maxWriteBytes) return this.#writeBefore(undefined);
      const result = this.processNext(output);
      if (result === false) break;
      if (result instanceof Promise) return this.#writeBefore(result);
      const isOver = messages % messagesPerPiece === 0 && turns.end(workload);
      if (isOver) return this.#writeBefore(undefined);
    }
    turns.end(workload, isShort ? untimedMs : undefined);
    this.#countHeldBytes();
    return undefined;
  }

  async #writeBefore(wait: Promise<unknown> | undefined): Promise<void> {
    await this.write();
    await this.#waitForTurn(wait);
  }

  async #waitForTurn(wait: Promise<unknown> | undefined): Promise<void> {
    if (wait !== undefined) await wait;
    await this.context.services.turns.begin(this.sender.workload);
  }

  /** Whether there is something to be sent. An empty buffer is given back. */
  get #hasOutput(): boolean {
    if (this.#output === undefined) return false;
    if (this.#output.length > 0) return true;
    this.#pool.release(this.#output);
    this.#output = undefined;
    return false;
  }

  async #writeNext(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.write();
  }

  /**
   * Writes until nothing is left. Flood before answer: the replica confirms
   * every report before the first byte of its answer is written.
   */
  async #writeAll(): Promise<void> {
    let output: Output | undefined;
    try {
      while (true) {
        if (this.hasMore) await this.#addMore();
        if (!this.#hasOutput) {
          if (this.hasMore) continue;
          break;
        }
        output = this.#output!;
        this.#output = undefined;
        this.#writingBytes = output.length;
        this.flushReplica();
        const wait = this.whenSettled();
        if (wait !== undefined) await wait;
        await this.#send(output.view);
        this.#pool.release(output);
        output = undefined;
        this.#writingBytes = 0;
      }
    } finally {
      this.#writing = undefined;
      this.#writingBytes = 0;
      if (output !== undefined) this.#pool.release(output);
    }
  }

  async #addMore(): Promise<void> {
    const { backend, turns } = this.context.services;
    const { traffic, workload } = this.sender;
    await traffic.whenDrained(true);
    await turns.begin(workload);
    traffic.stampTime(backend.now());
    const wait = this.addMore(this.output);
    turns.end(workload);
    if (wait !== undefined) await wait;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.#isSending = true;
    // Time before this write does not count.
    this.#hasSent = true;
    for (let written = 0; written < bytes.length;) {
      written += await this.opening.transport.write(bytes.subarray(written));
      this.#hasSent = true;
    }
    this.#isSending = false;
  }

  #checkWrite(): void {
    const { counts, limits: { slowConsumerMs } } = this.context.services;
    this.#stuckHeartbeats = this.#hasSent ? 0 : this.#stuckHeartbeats + 1;
    this.#hasSent = false;
    if ((this.#stuckHeartbeats - 1) * heartbeatMs < slowConsumerMs) return;
    counts.hit("slow-consumer-seconds");
    this.abort("slow consumer", `nothing read for ${slowConsumerMs} ms`);
  }

  #countHeldBytes(): void {
    const held = this.partBytes + this.#reading.extraBytes;
    const change = held - this.#heldBytes;
    if (change === 0) return;
    this.#heldBytes = held;
    this.opening.receivedBytes.add(change);
  }
}
