/**
 * One client's connection: reads lines, hands them to the session, and writes
 * the replies once the neighbours' sockets have what they need. Everything
 * asked is answered, also when the client has ended its side, before the
 * connection closes.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { LineFramer } from "../protocol/framer.ts";
import type { Clock } from "../runtime/clock.ts";
import {
  ChunkReader,
  closeQuietly,
  describeFault,
  lingerAndClose,
  type Traffic,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";
import {
  maxWriteBytes,
  refusalLingerMs,
  stopAnswerMs,
  stopLingerMs,
} from "./limits.ts";
import { type Desk, Session } from "./session.ts";

/** Why a client's connection ended. */
export type ConnectionEnd =
  /** The client ended its side and has all its answers. */
  | "client closed"
  /** The connection broke, or the client did not wait for its answers. */
  | "connection lost"
  /** The client sent a line over the limit. */
  | "line too long"
  /** This server is stopping. */
  | "stopping";

/** What a connection needs from its server. */
export interface ConnectionContext {
  readonly desk: Desk;
  readonly clock: Clock;
  readonly traffic: Traffic;
  /** Hands what the herd has accepted to the neighbours' sockets. */
  readonly flush: () => void;
  /** When they have it; undefined if they have already. */
  readonly handed: () => Promise<unknown> | undefined;
}

/** One connection of a client. */
export class ClientConnection {
  readonly #transport: Transport;
  readonly #context: ConnectionContext;
  readonly #session: Session;
  /** The chunk that is being worked on. */
  #taking: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #answeredWaiters: (() => void)[] = [];
  #end: ConnectionEnd | undefined;
  #detail = "";
  #cancelClosing: (() => void) | undefined;
  #isOver = false;

  constructor(transport: Transport, context: ConnectionContext) {
    this.#transport = transport;
    this.#context = context;
    this.#session = new Session(
      context.desk,
      context.traffic,
      () => this.#writeInBackground(),
    );
  }

  /** What the reason for the end does not say by itself, for the log. */
  get detail(): string {
    return this.#detail;
  }

  /** Serves the client until the connection ends; returns why. */
  async run(): Promise<ConnectionEnd> {
    const { clock } = this.#context;
    try {
      await this.#read();
      await this.#answerAll();
      if (this.#end === "line too long") {
        await lingerAndClose(this.#transport, clock, refusalLingerMs);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isOver = true;
    this.#cancelClosing?.();
    closeQuietly(this.#transport);
    return this.#end ?? "client closed";
  }

  /**
   * Takes no more requests, answers what was asked, and ends this side. The
   * client has a moment to end its own before `run` returns.
   */
  async stop(): Promise<void> {
    this.#end ??= "stopping";
    this.#closeAfter(stopAnswerMs);
    try {
      await this.#taking;
      await this.#answerAll();
      await this.#transport.closeWrite();
    } catch (error) {
      this.#fail(error);
    }
    this.#closeAfter(stopLingerMs);
  }

  /** Closes in a while, unless the connection is over by then. */
  #closeAfter(delayMs: number): void {
    if (this.#isOver) return;
    this.#cancelClosing?.();
    this.#cancelClosing = this.#context.clock.after(
      delayMs,
      () => closeQuietly(this.#transport),
    );
  }

  async #read(): Promise<void> {
    const framer = new LineFramer();
    const reader = new ChunkReader(this.#transport);
    while (this.#end !== "line too long") {
      const chunk = await reader.read();
      if (chunk === null) break;
      // What comes in after we began to stop is read but not answered.
      if (this.#end !== undefined) continue;
      framer.push(chunk);
      this.#taking = this.#takeLines(framer);
      await this.#taking;
    }
    const last = framer.end();
    if (last !== undefined && this.#end === undefined) {
      this.#session.receive(last);
    }
  }

  async #takeLines(framer: LineFramer): Promise<void> {
    const { traffic } = this.#context;
    let line;
    while ((line = framer.next()) !== undefined) {
      let room;
      while ((room = traffic.room()) !== undefined) await room;
      this.#session.receive(line);
      const calm = this.#session.calm();
      if (calm !== undefined) {
        await this.#write();
        await calm;
      }
    }
    if (framer.tooLong !== undefined) {
      this.#session.refuseTooLong(framer.tooLong);
      this.#end ??= "line too long";
    }
    await this.#write();
  }

  /** Passes on what was accepted, then writes the replies that are ready. */
  async #write(): Promise<void> {
    this.#context.flush();
    while (this.#writing !== undefined) {
      await this.#writing;
      // More may have been accepted while somebody else was writing.
      this.#context.flush();
    }
    const replies = this.#session.take();
    if (replies.length === 0) return;
    this.#writing = this.#deliver(replies);
    await this.#writing;
  }

  /**
   * Flood before reply: the neighbours' sockets have every update that these
   * replies are about before the first byte of them is written.
   */
  async #deliver(replies: ByteString[]): Promise<void> {
    const { handed, traffic } = this.#context;
    try {
      const wait = handed();
      if (wait !== undefined) await wait;
      let text: ByteString = "";
      for (const reply of replies) {
        traffic.sent(reply.slice(0, -1));
        text += reply;
        if (text.length < maxWriteBytes) continue;
        await writeAll(this.#transport, text);
        text = "";
      }
      if (text !== "") await writeAll(this.#transport, text);
    } finally {
      this.#writing = undefined;
    }
  }

  /** Writes what has become ready while nobody was reading. */
  async #writeInBackground(): Promise<void> {
    try {
      await this.#write();
    } catch (error) {
      this.#fail(error);
    }
    if (!this.#session.isAwaiting) this.#releaseAnswered();
  }

  async #answerAll(): Promise<void> {
    if (this.#session.isAwaiting) {
      await new Promise<void>((resolve) => this.#answeredWaiters.push(resolve));
    }
    await this.#write();
  }

  #releaseAnswered(): void {
    const waiters = this.#answeredWaiters;
    this.#answeredWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #fail(error: unknown): void {
    this.#end ??= "connection lost";
    this.#detail ||= describeFault(error);
    closeQuietly(this.#transport);
    this.#session.abandon();
    this.#releaseAnswered();
  }
}
