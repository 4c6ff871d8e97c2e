/**
 * One connection of a simulated client. Checks every answer, and the way in
 * which the connection ends.
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
import { AnswerChecker, type AnswerFault, type SentLine } from "./answers.ts";
import { keepNewer } from "./expected_reports.ts";
import { serverOf } from "../../protocol/report.ts";
import type { Incarnation } from "./servers.ts";
import {
  createTranslator,
  isSerial,
  portOffsets,
  type Translator,
  type Via,
} from "./translators.ts";
import { pause, type World } from "./world.ts";
import { positionAt } from "./random_lines.ts";

/** A client that reads has an answer within this time, in milliseconds. */
const answerDeadlineMs = 30_000;

/**
 * A line sent this long before SIGTERM, in milliseconds, must have been read by
 * the server.
 */
const readDeadlineMs = 5_000;

/**
 * A server may close a connection whose client reads nothing for this long, in
 * milliseconds.
 */
const slowConsumerMs = 25_000;

/** A connection. */
export class Client {
  /** The incarnation of the server that the connection is to. */
  readonly incarnation: Incarnation;
  /** Called with the first line of each correct answer. */
  onAnswer: ((line: ByteString) => void) | undefined;
  /** The kind of client, for messages. */
  readonly #kind: string;
  readonly #via: Via;
  readonly #translator: Translator;
  readonly #world: World;
  readonly #transport: Deno.TcpConn;
  readonly #checker: AnswerChecker;
  readonly #reading: Promise<void>;
  #waiter: (() => void) | undefined;
  /** Resolves when reading resumes; undefined unless reading is paused. */
  #resuming: PromiseWithResolvers<void> | undefined;
  #longestPauseMs = 0;
  /** The size of a read, in bytes, and the pause after it, in milliseconds. */
  #slowness: { readonly bytes: number; readonly pauseMs: number } | undefined;
  #isHalfClosed = false;
  #isDisconnecting = false;
  #hasEnded = false;
  /** When the last answer came, in milliseconds since 1970. */
  #answeredAtMs = -Infinity;

  private constructor(
    world: World,
    kind: string,
    via: Via,
    incarnation: Incarnation,
    transport: Deno.TcpConn,
  ) {
    this.#world = world;
    this.#kind = kind;
    this.#via = via;
    this.#translator = createTranslator(via);
    this.incarnation = incarnation;
    this.#transport = transport;
    this.#checker = new AnswerChecker(
      (sent, line) => this.#onAnswer(sent, line),
      (fault) => this.#fault(fault),
    );
    world.counts.connections += 1;
    world.counts.connectionsVia[via] += 1;
    world.connected.add(this);
    this.#reading = this.#read();
  }

  /** Connects to a server; undefined if it does not run. */
  static async connect(
    world: World,
    kind: string,
    server: string,
    via: Via = "client port",
  ): Promise<Client | undefined> {
    const incarnation = world.servers.incarnation(server);
    if (incarnation === undefined) return undefined;
    try {
      const port = world.servers.portOf(server) + portOffsets[via];
      const transport = await connect(port);
      transport.setNoDelay();
      const client = new Client(world, kind, via, incarnation, transport);
      await client.send(client.#translator.greeting);
      return client;
    } catch (error) {
      if (incarnation.ending === undefined) {
        world.fail(`${kind}: cannot connect to ${server}: ${error}`);
      }
      return undefined;
    }
  }

  /** Whether the connection has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The IDs that can report in the way in which the client reaches its server. */
  get ids(): readonly ByteString[] {
    return this.#world.idsFor(this.#via);
  }

  /** Returns an IAMAT to send, translated, and expects its answer. */
  report(client: ByteString, time: ByteString): ByteString {
    const position = positionAt(time);
    const { server } = this.incarnation;
    const sentAtMs = Date.now();
    const line = `IAMAT ${client} ${position} ${time}`;
    const { bytes, expectation } = this.#translator
      .report(line, client, position, time);
    if (expectation === "exact") {
      this.#checker.expect(
        { kind: "report", server, client, position, time, sentAtMs },
      );
    } else if (expectation === "newest") {
      // As old as it can be: a time is a millisecond ahead of the clock at most.
      const oldest = `AT ${server} -0.001000000 ${client} ${position} ${time}`;
      const atLeast = [oldest];
      this.#checker.expect({ kind: "newest", line, client, atLeast, sentAtMs });
    } else this.#checker.expect({ kind: "echo", line, sentAtMs });
    return bytes;
  }

  /** Returns a WHATSAT to send, translated, and expects its answer. */
  query(client: ByteString, radiusKm = "0", bound = "0"): ByteString {
    const line = `WHATSAT ${client} ${radiusKm} ${bound}`;
    const known = this.incarnation.known.get(client);
    const sentAtMs = Date.now();
    const { bytes, expectation } = this.#translator
      .query(line, client, [radiusKm, bound], known !== undefined);
    if (expectation === "exact") {
      this.#checker.expect({
        kind: "query",
        line,
        client,
        atLeast: known,
        places: (line) => this.#world.places(line, radiusKm, bound),
        sentAtMs,
      });
    } else if (expectation === "newest") {
      const atLeast = [known!];
      this.#checker.expect({ kind: "newest", line, client, atLeast, sentAtMs });
    } else this.#checker.expect({ kind: "echo", line, sentAtMs });
    return bytes;
  }

  /** Returns a line that is no command, translated, and expects its answer. */
  invalid(line: ByteString): ByteString {
    this.#checker.expect({ kind: "echo", line, sentAtMs: Date.now() });
    return this.#translator.invalid(line).bytes;
  }

  /** The beginning of a line, translated, which must not be all of it. */
  part(bytes: number): ByteString {
    return this.#translator.invalid("IAMAT half of a line").bytes
      .slice(0, bytes);
  }

  /** Sends lines. Returns whether that succeeded. */
  async send(text: ByteString): Promise<boolean> {
    try {
      await writeAll(this.#transport, text);
      return true;
    } catch {
      // Reading ends too, and checks how the connection ended.
      await this.#reading;
      return false;
    }
  }

  /** Waits for all answers. False if the connection has ended. */
  async untilAnswered(): Promise<boolean> {
    while (this.#checker.pending > 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => this.#waiter = resolve);
    }
    return !this.#hasEnded;
  }

  /** Sends lines and waits for all answers. False if the connection ended. */
  async request(text: ByteString): Promise<boolean> {
    return await this.send(text) && await this.untilAnswered();
  }

  /** Ends sending. Resolves when the server has ended the connection. */
  async finish(): Promise<void> {
    this.#isHalfClosed = true;
    try {
      await this.#transport.closeWrite();
    } catch {
      // It has ended already.
    }
    await this.#reading;
  }

  /** Closes at once. */
  disconnect(): void {
    this.#isDisconnecting = true;
    this.#resuming?.resolve();
    closeQuietly(this.#transport);
  }

  /** Reads nothing for this time, or until the signal aborts. */
  async pauseReading(forMs: number, signal: AbortSignal): Promise<void> {
    this.#longestPauseMs = Math.max(this.#longestPauseMs, forMs);
    this.#resuming = Promise.withResolvers();
    await pause(forMs, signal);
    this.#resuming.resolve();
    this.#resuming = undefined;
  }

  /** From now on reads at most `bytes` at a time, with a pause after each. */
  readSlowly(bytes: number, pauseMs: number): void {
    this.#slowness = { bytes, pauseMs };
  }

  async #read(): Promise<void> {
    const buffer = allocateBuffer(64 * 1024);
    const timer = setInterval(() => this.#checkDeadline(), 1_000);
    let end = "the end of the stream";
    try {
      while (true) {
        await this.#resuming?.promise;
        const { bytes = buffer.length, pauseMs } = this.#slowness ?? {};
        const count = await this.#transport.read(buffer.subarray(0, bytes));
        if (count === null) break;
        const received = decodeBytes(buffer, 0, count);
        this.#checker.push(this.#translator.receive(received));
        if (this.#checker.pending === 0) this.#wake();
        if (pauseMs !== undefined) await pause(pauseMs, this.#world.loadEnd);
      }
    } catch (error) {
      end = String(error);
    }
    clearInterval(timer);
    this.#hasEnded = true;
    this.#world.connected.delete(this);
    this.#checkEnd(end);
    closeQuietly(this.#transport);
    this.#wake();
  }

  #wake(): void {
    this.#waiter?.();
    this.#waiter = undefined;
  }

  #onAnswer(sent: SentLine, line: ByteString): void {
    const { counts, expected } = this.#world;
    this.#answeredAtMs = Date.now();
    counts.answers += 1;
    counts.answersVia[this.#via] += 1;
    this.onAnswer?.(line);
    if (sent.kind === "echo" || !line.startsWith("AT ")) return;
    keepNewer(this.incarnation.known, line);
    // An ended server may have lost the report.
    if (this.incarnation.ending !== undefined) return;
    // The line that follows a report by a gateway may be of another server.
    const isOwn = sent.kind === "report" ||
      sent.kind === "newest" && serverOf(line) === this.incarnation.server;
    if (isOwn) expected.recordAnswer(line);
    else if (this.incarnation.server === this.#world.anchor) {
      expected.recordAtAnchor(line);
    }
  }

  #fault({ detail, kind }: AnswerFault): void {
    this.#world.counts[kind] += 1;
    this.#world.fail(`${this.#name}: ${kind}: ${detail}`);
  }

  /** Reports a failure if an undisturbed server does not answer. */
  #checkDeadline(): void {
    const { oldest } = this.#checker;
    const isExempt = oldest === undefined || this.#isDisconnecting ||
      this.#isSlow || this.incarnation.ending !== undefined;
    if (isExempt || Date.now() - this.#waitsSince(oldest) < answerDeadlineMs) {
      return;
    }
    if (
      this.#world.servers.undisturbedMs(this.incarnation.server) <
        answerDeadlineMs
    ) return;
    this.giveUp();
  }

  /** Reports the missing answers, and closes. */
  giveUp(): void {
    const { pending } = this.#checker;
    this.#world.fail(`${this.#name}: ${pending} lines have no answer`);
    this.disconnect();
  }

  #checkEnd(end: string): void {
    const { counts } = this.#world;
    const { ending } = this.incarnation;
    const { oldest } = this.#checker;
    const isSlowConsumer = this.#longestPauseMs >= slowConsumerMs;
    const isExcused = this.#isDisconnecting || ending !== undefined ||
      isSlowConsumer;
    if (!isExcused && !this.#isHalfClosed) {
      this.#world.fail(`${this.#name}: the connection ended by ${end}`);
    }
    const wasRead = ending?.signal === "SIGTERM" && !this.#isDisconnecting &&
      !this.#isSlow && oldest !== undefined &&
      Date.now() - performance.now() + ending.atMs -
            this.#waitsSince(oldest) > readDeadlineMs;
    // A server that stops completes its answers.
    const isTruncated = ending?.signal === "SIGTERM" &&
      !this.#isDisconnecting && !this.#isSlow &&
      (this.#checker.isWithinAnswer || this.#translator.isWithinAnswer);
    if (isTruncated) {
      this.#world.fail(`${this.#name}: the connection ended within an answer`);
    }
    const wasClosed = isSlowConsumer && !this.#isDisconnecting &&
      ending === undefined && oldest !== undefined;
    if (wasClosed) counts.slowConsumers += 1;
    if (isExcused && !wasRead) counts.unanswered += this.#checker.pending;
    this.#checker.end(isExcused && !wasRead);
  }

  /** When the server could begin to answer a line, in milliseconds since 1970. */
  #waitsSince({ sentAtMs }: SentLine): number {
    return isSerial(this.#via)
      ? Math.max(sentAtMs, this.#answeredAtMs)
      : sentAtMs;
  }

  /** Whether it reads slowly, or has paused reading. */
  get #isSlow(): boolean {
    return this.#slowness !== undefined || this.#longestPauseMs > 0;
  }

  get #name(): string {
    return `${this.#kind} at ${this.incarnation.server} by ${this.#via}`;
  }
}
