/**
 * One connection of a soak's client: every answer on it is checked, and so is
 * how it ends.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../../protocol/bytes.ts";
import { closeQuietly, writeAll } from "../../runtime/transport.ts";
import { connect } from "../end_to_end/process.ts";
import { AnswerChecker, type AnswerFault, type Asked } from "./answers.ts";
import { keepNewer } from "./ledger.ts";
import type { Incarnation } from "./servers.ts";
import { pause, type World } from "./world.ts";
import { positionAt } from "./words.ts";

/** Whoever reads has an answer within this time, in milliseconds. */
const answerDeadlineMs = 30_000;

/**
 * What was sent so long before a server was told to stop, in milliseconds, has
 * been read by it.
 */
const readLongAgoMs = 5_000;

/** A server may close a connection that takes nothing for this long. */
const slowConsumerMs = 25_000;

/** A connection. */
export class Client {
  /** The server's life in which the connection began. */
  readonly incarnation: Incarnation;
  /** Told of the first line of every right answer. */
  onAnswer: ((line: ByteString) => void) | undefined;
  /** What this client is, for messages. */
  readonly #kind: string;
  readonly #world: World;
  readonly #transport: Deno.TcpConn;
  readonly #checker: AnswerChecker;
  readonly #reading: Promise<void>;
  #waiter: (() => void) | undefined;
  /** Who waits to read on, while reading is paused. */
  #goOn: PromiseWithResolvers<void> | undefined;
  #longestPauseMs = 0;
  /** Of one read, in bytes, and between two reads, in milliseconds. */
  #slowness: { readonly bytes: number; readonly pauseMs: number } | undefined;
  #isHalfClosed = false;
  #isLeaving = false;
  #isOver = false;

  private constructor(
    world: World,
    kind: string,
    incarnation: Incarnation,
    transport: Deno.TcpConn,
  ) {
    this.#world = world;
    this.#kind = kind;
    this.incarnation = incarnation;
    this.#transport = transport;
    this.#checker = new AnswerChecker(
      (asked, line) => this.#answered(asked, line),
      (fault) => this.#fault(fault),
    );
    world.counts.connections += 1;
    world.connected.add(this);
    this.#reading = this.#read();
  }

  /** Connects to a server; undefined if it is not there. */
  static async connect(
    world: World,
    kind: string,
    server: string,
  ): Promise<Client | undefined> {
    const incarnation = world.servers.incarnation(server);
    if (incarnation === undefined) return undefined;
    try {
      const transport = await connect(world.servers.portOf(server));
      transport.setNoDelay();
      return new Client(world, kind, incarnation, transport);
    } catch (error) {
      if (incarnation.ending === undefined) {
        world.fail(`${kind}: ${server} is not to be reached: ${error}`);
      }
      return undefined;
    }
  }

  /** Whether nothing more can be said or heard. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The line of an IAMAT; its answer is expected. */
  report(client: ByteString, time: ByteString): ByteString {
    const position = positionAt(time);
    const { server } = this.incarnation;
    const askedAtMs = Date.now();
    this.#checker.expect(
      { kind: "report", server, client, position, time, askedAtMs },
    );
    return `IAMAT ${client} ${position} ${time}\n`;
  }

  /** The line of a WHATSAT, likewise. */
  question(client: ByteString, radiusKm = "0", bound = "0"): ByteString {
    const line = `WHATSAT ${client} ${radiusKm} ${bound}`;
    this.#checker.expect({
      kind: "question",
      line,
      client,
      atLeast: this.incarnation.known.get(client),
      places: (line) => this.#world.places(line, radiusKm, bound),
      askedAtMs: Date.now(),
    });
    return `${line}\n`;
  }

  /** A line that is no command, likewise. */
  invalid(line: ByteString): ByteString {
    this.#checker.expect({ kind: "echo", line, askedAtMs: Date.now() });
    return `${line}\n`;
  }

  /** Sends lines; returns whether they could be sent. */
  async send(text: ByteString): Promise<boolean> {
    try {
      await writeAll(this.#transport, text);
      return true;
    } catch {
      // The reader is told how the connection ended, and decides about it.
      await this.#reading;
      return false;
    }
  }

  /** Waits until everything is answered; false if that will not be. */
  async settled(): Promise<boolean> {
    while (this.#checker.pending > 0 && !this.#isOver) {
      await new Promise<void>((resolve) => this.#waiter = resolve);
    }
    return !this.#isOver;
  }

  /** Sends lines and waits for their answers; false if there are none. */
  async ask(text: ByteString): Promise<boolean> {
    return await this.send(text) && await this.settled();
  }

  /** Ends this side; resolves when the server has ended its own. */
  async finish(): Promise<void> {
    this.#isHalfClosed = true;
    try {
      await this.#transport.closeWrite();
    } catch {
      // It is over already.
    }
    await this.#reading;
  }

  /** Leaves, whatever is under way. */
  leave(): void {
    this.#isLeaving = true;
    this.#goOn?.resolve();
    closeQuietly(this.#transport);
  }

  /** Takes nothing for a while. */
  async stopReading(forMs: number, signal: AbortSignal): Promise<void> {
    this.#longestPauseMs = Math.max(this.#longestPauseMs, forMs);
    this.#goOn = Promise.withResolvers();
    await pause(forMs, signal);
    this.#goOn.resolve();
    this.#goOn = undefined;
  }

  /** Takes so many bytes at a time from now on, and then waits. */
  readSlowly(bytes: number, pauseMs: number): void {
    this.#slowness = { bytes, pauseMs };
  }

  async #read(): Promise<void> {
    const buffer = allocateBuffer(64 * 1024);
    const watch = setInterval(() => this.#watch(), 1_000);
    let end = "the end of the stream";
    try {
      while (true) {
        await this.#goOn?.promise;
        const { bytes = buffer.length, pauseMs } = this.#slowness ?? {};
        const count = await this.#transport.read(buffer.subarray(0, bytes));
        if (count === null) break;
        this.#checker.push(decodeBytes(buffer, 0, count));
        if (this.#checker.pending === 0) this.#wake();
        if (pauseMs !== undefined) await pause(pauseMs, this.#world.loadEnd);
      }
    } catch (error) {
      end = String(error);
    }
    clearInterval(watch);
    this.#isOver = true;
    this.#world.connected.delete(this);
    this.#judgeEnd(end);
    closeQuietly(this.#transport);
    this.#wake();
  }

  #wake(): void {
    this.#waiter?.();
    this.#waiter = undefined;
  }

  #answered(asked: Asked, line: ByteString): void {
    const { counts, ledger } = this.#world;
    counts.answers += 1;
    this.onAnswer?.(line);
    if (asked.kind === "echo" || !line.startsWith("AT ")) return;
    keepNewer(this.incarnation.known, line);
    // What comes from a server that is dead by now need not be known elsewhere.
    if (this.incarnation.ending !== undefined) return;
    if (asked.kind === "report") ledger.answered(line);
    else if (this.incarnation.server === this.#world.anchor) ledger.kept(line);
  }

  #fault({ detail, kind }: AnswerFault): void {
    this.#world.counts[kind] += 1;
    this.#world.fail(`${this.#name}: ${kind}: ${detail}`);
  }

  /** Says so if a server that is well does not answer. */
  #watch(): void {
    const { oldest } = this.#checker;
    const isExempt = oldest === undefined || this.#isLeaving ||
      this.#isSlow || this.incarnation.ending !== undefined;
    if (isExempt || Date.now() - oldest.askedAtMs < answerDeadlineMs) return;
    if (
      this.#world.servers.calmMs(this.incarnation.server) < answerDeadlineMs
    ) return;
    this.giveUp();
  }

  /** Waits no longer. */
  giveUp(): void {
    const { pending } = this.#checker;
    this.#world.fail(`${this.#name}: ${pending} lines are never answered`);
    this.leave();
  }

  #judgeEnd(end: string): void {
    const { counts } = this.#world;
    const { ending } = this.incarnation;
    const { oldest } = this.#checker;
    const isDead = this.#longestPauseMs >= slowConsumerMs;
    const isExcused = this.#isLeaving || ending !== undefined || isDead;
    if (!isExcused && !this.#isHalfClosed) {
      this.#world.fail(`${this.#name}: the connection ended by ${end}`);
    }
    const wasRead = ending?.signal === "SIGTERM" && !this.#isLeaving &&
      !this.#isSlow && oldest !== undefined &&
      Date.now() - performance.now() + ending.atMs - oldest.askedAtMs >
        readLongAgoMs;
    // Who is told to stop leaves no answer half said.
    const isTorn = ending?.signal === "SIGTERM" && !this.#isLeaving &&
      !this.#isSlow && this.#checker.isWithinAnswer;
    if (isTorn) {
      this.#world.fail(`${this.#name}: the connection ended within an answer`);
    }
    const isClosed = isDead && !this.#isLeaving && ending === undefined &&
      oldest !== undefined;
    if (isClosed) counts.slowConsumers += 1;
    if (isExcused && !wasRead) counts.unanswered += this.#checker.pending;
    this.#checker.end(isExcused && !wasRead);
  }

  /** Whether it does not take its answers as they come. */
  get #isSlow(): boolean {
    return this.#slowness !== undefined || this.#longestPauseMs > 0;
  }

  get #name(): string {
    return `${this.#kind} at ${this.incarnation.server}`;
  }
}
