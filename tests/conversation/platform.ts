/**
 * Replaces what servers use of Deno: the clock, timers, random numbers, TCP,
 * HTTP, `fetch`, signals and output. This file imports no code of the servers,
 * so that their code can be moved and renamed without a change here.
 *
 * Time does not pass while code runs. Then it moves to the next timer or the
 * next arrival of bytes. So the order of events does not depend on the machine.
 *
 * @module
 */
import { HttpExchange } from "./http_exchange.ts";
import { createHash } from "node:crypto";
import process from "node:process";
import { setImmediate, setTimeout as setRealTimeout } from "node:timers";

/** The time of day at the beginning: 2018-03-02 21:05:34 UTC. */
const startMs = 1_520_024_734_000;

/** The time between a write and its arrival, in milliseconds. */
const latencyMs = 0.25;

/** The time that the places service takes to answer, in milliseconds. */
const fetchMs = 20;

/**
 * Time moves after this many turns of the event loop without a pending
 * operation. The turns after the first allow for operations that start after
 * another one, and for what waits in `SystemClock.nextTurn` twice: 61 turns each.
 */
const quietTurns = 150;

/**
 * Longest text that is recorded whole, in characters. Longer ones are recorded
 * by their beginning and hash.
 */
const longestRecorded = 1_500;

/** A timer or an arrival. */
interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/**
 * The places service: gives the response to a request, or undefined for none.
 */
export type AnswerFetch = (
  url: URL,
  body: string,
) => { status: number; body: string } | undefined;

/** Replaces members of an object of the runtime. */
function replace(target: object, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, {
      value,
      configurable: true,
      writable: true,
    });
  }
}

/** The bytes of a text with one character for each byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes as one line of printable ASCII. */
export function escape(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => {
    if (byte === 0x0a) return "\\n";
    if (byte === 0x5c) return "\\\\";
    const isPlain = byte >= 0x20 && byte < 0x7f;
    return isPlain
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  return shorten(text);
}

/** The text itself, or the beginning and the hash of a long text. */
export function shorten(text: string): string {
  const { length } = text;
  if (length <= longestRecorded) return text;
  const hash = sha256(new TextEncoder().encode(text));
  return `${text.slice(0, 100)}... (${length} characters, SHA-256 ${hash})`;
}

/** The SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The replacement of the runtime. */
export class Platform {
  /**
   * What was sent over the wire, one line for each message or event, in order.
   */
  readonly wire: string[] = [];
  /** What was written to stdout and stderr. */
  printed = "";
  readonly listeners = new Map<number, Listener>();
  readonly connections: Connection[] = [];
  /** Handlers of signals, in the order in which they were set. */
  readonly signals: { signal: string; handler: () => void }[] = [];
  /** How often servers have dialled. */
  dials = 0;
  answerFetch: AnswerFetch = () => undefined;
  /** Whether writes to files fail. */
  isDiskFull = false;
  #nowMs = 0;
  #underWay = 0;
  readonly #due = new Set<Due>();
  readonly #randomCounts = new Map<string, number>();

  /** Replaces the runtime from now on. */
  install(): void {
    this.#replaceTime();
    this.#replaceRandom();
    this.#replaceNetwork();
    this.#replaceProcess();
    // These operations take real time, so the clock waits for them.
    this.#count(Deno, ["open", "mkdir", "remove", "readFile", "stat"]);
    this.#count(Deno, ["readTextFile"]);
    this.#count(Deno.FsFile.prototype, ["write", "seek", "truncate", "stat"]);
    this.#count(Deno.permissions, ["query"]);
    this.#count(crypto.subtle, ["importKey", "sign"]);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Moves the clock, and runs what is due. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.#settle();
    while (await this.#runNext(untilMs));
    this.#nowMs = untilMs;
  }

  /** Moves the clock until a condition holds. */
  async advanceUntil(condition: () => boolean, within = 10_000): Promise<void> {
    const untilMs = this.#nowMs + within;
    await this.#settle();
    while (!condition()) {
      if (await this.#runNext(untilMs)) continue;
      throw new Error(`timed out waiting for ${condition}\n${this.printed}`);
    }
  }

  /** Waits in real time, such as for code to load. The clock does not move. */
  async waitUntil(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await this.#settle();
      if (await this.#runNext(this.#nowMs)) continue;
      await new Promise((resolve) => setRealTimeout(resolve, 1));
    }
  }

  /** Waits for a promise in the same way. */
  async waitFor<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const over = () => isOver = true;
    promise.then(over, over);
    await this.waitUntil(() => isOver);
    return await promise;
  }

  record(what: string, text: string): void {
    const time = this.#nowMs.toFixed(3).padStart(10);
    this.wire.push(`${time} ${what} ${text}`.trimEnd());
  }

  /** Records bytes, one line of the record for each line. */
  recordBytes(what: string, bytes: Uint8Array): void {
    let start = 0;
    while (start < bytes.length) {
      const lineFeed = bytes.indexOf(0x0a, start);
      const end = lineFeed < 0 ? bytes.length : lineFeed + 1;
      this.record(what, escape(bytes.subarray(start, end)));
      start = end;
    }
  }

  after(delayMs: number, run: () => void): Due {
    const due = { atMs: this.#nowMs + Math.max(delayMs, 0), run };
    this.#due.add(due);
    return due;
  }

  /** A new connection to a port; undefined if nothing listens there. */
  connect(port: number): Connection | undefined {
    const listener = this.listeners.get(port);
    const connection = new Connection(this, this.connections.length + 1, port);
    this.connections.push(connection);
    this.record(connection.name, listener ? "opens" : "is refused");
    listener?.push(connection.acceptor);
    return listener && connection;
  }

  /** Sends a request to an HTTP port, on a connection that is not recorded. */
  request(port: number, request: Request): Promise<Response> {
    const exchange = new HttpExchange(request);
    // A server uses nothing else of its end.
    this.listeners.get(port)!.push(exchange as unknown as End);
    return this.waitFor(exchange.response);
  }

  async #runNext(untilMs: number): Promise<boolean> {
    let next: Due | undefined;
    // Takes the one that was added first of those due at the same time.
    for (const due of this.#due) {
      if (due.atMs <= untilMs && due.atMs < (next?.atMs ?? Infinity)) {
        next = due;
      }
    }
    if (next === undefined) return false;
    this.#due.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.run();
    await this.#settle();
    return true;
  }

  /** Runs everything that needs no time to pass. */
  async #settle(): Promise<void> {
    let turns = 0;
    while (turns < quietTurns) {
      await new Promise<void>((resolve) => setImmediate(() => resolve()));
      turns = this.#underWay === 0 ? turns + 1 : 0;
    }
  }

  #count(target: object, names: readonly string[]): void {
    for (const name of names) {
      const real = Reflect.get(target, name);
      const counted = async function (this: unknown, ...args: unknown[]) {
        begin(1);
        try {
          if (name === "write" && isDiskFull()) {
            throw new Error("No space left on device (os error 28)");
          }
          return await real.apply(this, args);
        } finally {
          begin(-1);
        }
      };
      const begin = (change: number) => this.#underWay += change;
      const isDiskFull = () => this.isDiskFull;
      replace(target, { [name]: counted });
    }
  }

  #replaceTime(): void {
    const nowMs = () => this.#nowMs;
    const dateMs = () => Math.floor(startMs + this.#nowMs);
    const timers = new Map<number, Due>();
    let count = 0;
    replace(performance, { now: nowMs, timeOrigin: startMs });
    replace(Date, { now: dateMs });
    replace(globalThis, {
      setTimeout: (run: () => void, delayMs = 0) => {
        timers.set(++count, this.after(delayMs, run));
        return count;
      },
      clearTimeout: (timer: number) => this.#due.delete(timers.get(timer)!),
    });
  }

  /**
   * Replaces random bytes by counters, one for each size, so that the order in
   * which a server creates keys and nonces does not matter.
   */
  #replaceRandom(): void {
    const next = (kind: string) => {
      const count = (this.#randomCounts.get(kind) ?? 0) + 1;
      this.#randomCounts.set(kind, count);
      return count;
    };
    replace(Math, { random: () => 0.5 });
    replace(crypto, {
      randomUUID: () =>
        `00000000-0000-4000-8000-${`${next("uuid")}`.padStart(12, "0")}`,
      getRandomValues: (target: Uint8Array) => {
        const { buffer, byteLength, byteOffset } = target;
        const bytes = new Uint8Array(buffer, byteOffset, byteLength).fill(0);
        bytes[byteLength - 1] = next(`${byteLength}`);
        return target;
      },
    });
  }

  #replaceNetwork(): void {
    const listen = ({ port }: { port: number }) => new Listener(this, port);
    const dial = (
      { port, signal }: { port: number; signal?: AbortSignal },
    ) => {
      this.dials += 1;
      return new Promise((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        this.after(latencyMs, () => {
          const connection = this.connect(port);
          this.after(latencyMs, () => {
            if (connection !== undefined) return resolve(connection.dialer);
            const message = "Connection refused (os error 111)";
            reject(new Deno.errors.ConnectionRefused(message));
          });
        });
      });
    };
    replace(Deno, { listen, connect: dial });
    replace(globalThis, {
      fetch: (input: string | URL, init: RequestInit = {}) =>
        this.#fetch(new URL(input), init),
    });
  }

  #fetch(url: URL, init: RequestInit): Promise<Response> {
    const { body = "", headers = {}, method = "GET", signal } = init;
    this.record("fetch >", `${method} ${url}`);
    for (const [name, value] of new Headers(headers)) {
      this.record("fetch >", `${name}: ${value}`);
    }
    if (body !== "") this.record("fetch >", escape(bytesOf(String(body))));
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => {
        this.record("fetch", "is aborted");
        reject(signal.reason);
      });
      this.after(fetchMs, () => {
        const answer = this.answerFetch(url, String(body));
        if (answer === undefined) return;
        this.record(
          "fetch <",
          `${answer.status} ${escape(bytesOf(answer.body))}`,
        );
        resolve(
          new Response(bytesIn(answer.body), { status: answer.status }),
        );
      });
    });
  }

  #replaceProcess(): void {
    const stream = {
      writeSync: (bytes: Uint8Array) => {
        this.printed += new TextDecoder().decode(bytes);
        return bytes.length;
      },
      write: (bytes: Uint8Array) => Promise.resolve(stream.writeSync(bytes)),
      isTerminal: () => false,
    };
    replace(Deno, {
      stdout: stream,
      stderr: stream,
      memoryUsage: () => ({ rss: 100_000_000 }),
      addSignalListener: (signal: string, handler: () => void) =>
        this.signals.push({ signal, handler }),
      removeSignalListener: (signal: string, handler: () => void) => {
        const index = this.signals.findIndex((one) =>
          one.signal === signal && one.handler === handler
        );
        if (index >= 0) this.signals.splice(index, 1);
      },
    });
    replace(process, {
      cpuUsage: () => ({ user: 2_000_000, system: 500_000 }),
    });
  }
}

/** An open port. */
export class Listener {
  readonly #platform: Platform;
  readonly #port: number;
  readonly #waiting: (End)[] = [];
  #accepting: PromiseWithResolvers<End> | undefined;

  constructor(platform: Platform, port: number) {
    if (platform.listeners.has(port)) throw new Deno.errors.AddrInUse("taken");
    this.#platform = platform;
    this.#port = port;
    platform.listeners.set(port, this);
  }

  push(end: End): void {
    if (this.#accepting === undefined) this.#waiting.push(end);
    else this.#accepting.resolve(end);
    this.#accepting = undefined;
  }

  /** Makes the pending accept fail. */
  fail(error: Error): void {
    this.#accepting?.reject(error);
  }

  accept(): Promise<End> {
    const end = this.#waiting.shift();
    if (end !== undefined) return Promise.resolve(end);
    this.#accepting = Promise.withResolvers<End>();
    return this.#accepting.promise;
  }

  close(): void {
    this.#platform.listeners.delete(this.#port);
    this.#accepting?.reject(new Deno.errors.BadResource("closed"));
  }
}

/** A connection, named by the dialled port and a number. */
export class Connection {
  readonly name: string;
  readonly dialer: End;
  readonly acceptor: End;
  /** The first bytes that the dialer has sent. */
  opening = "";
  /** Whether the network drops everything that is sent on it. */
  isMute = false;

  constructor(platform: Platform, number: number, port: number) {
    this.name = `${port} #${number}`;
    this.dialer = new End(platform, this, ">", port);
    this.acceptor = new End(platform, this, "<", 40_000 + number);
    this.dialer.other = this.acceptor;
    this.acceptor.other = this.dialer;
  }
}

/** One end of a connection: the part of `Deno.TcpConn` that servers use. */
export class End {
  other!: End;
  readonly remoteAddr: Deno.NetAddr;
  /** How many more bytes this end can write before writes block. */
  roomBytes = Infinity;
  /** Bytes that have arrived and were not read. */
  received = new Uint8Array();
  readonly #platform: Platform;
  readonly #connection: Connection;
  readonly #arrow: string;
  /** Bytes that were written at one time and have not arrived. */
  #sent: { atMs: number; bytes: Uint8Array } | undefined;
  #reading: (() => void) | undefined;
  #stuck: ((error: Error) => void) | undefined;
  #hasEnded = false;
  #isReset = false;
  #isShut = false;
  #isClosed = false;

  constructor(
    platform: Platform,
    connection: Connection,
    arrow: string,
    port: number,
  ) {
    this.#platform = platform;
    this.#connection = connection;
    this.#arrow = arrow;
    this.remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async read(target: Uint8Array): Promise<number | null> {
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    while (this.received.length === 0 && !this.#hasEnded && !this.#isReset) {
      await new Promise<void>((resolve) => this.#reading = resolve);
      if (this.#isClosed) throw new Deno.errors.Interrupted("canceled");
    }
    if (this.#isReset) throw new Deno.errors.ConnectionReset("reset");
    if (this.received.length === 0) return null;
    const bytes = this.received.subarray(0, target.length);
    target.set(bytes);
    this.received = this.received.slice(bytes.length);
    return bytes.length;
  }

  async write(source: Uint8Array): Promise<number> {
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    if (this.#isReset || this.#isShut) {
      throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
    }
    if (this.roomBytes === 0) {
      await new Promise((_, reject) => this.#stuck = reject);
    }
    const bytes = source.slice(0, this.roomBytes);
    this.roomBytes -= bytes.length;
    this.#send(bytes);
    return bytes.length;
  }

  closeWrite(): Promise<void> {
    this.#end("ends its side");
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    this.#isClosed = true;
    this.#reading?.();
    this.#stuck?.(new Deno.errors.Interrupted("canceled"));
    this.#end("closes");
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}

  /** Removes and returns what has arrived. */
  take(): string {
    const text = String.fromCharCode(...this.received);
    this.received = new Uint8Array();
    return text;
  }

  /**
   * Writes at one time arrive together, so that their division does not matter.
   */
  #send(bytes: Uint8Array): void {
    const { nowMs } = this.#platform;
    if (this.#sent?.atMs === nowMs) {
      this.#sent.bytes = join(this.#sent.bytes, bytes);
      return;
    }
    const sent = this.#sent = { atMs: nowMs, bytes };
    this.#arrive(() => {
      this.#platform.recordBytes(
        `${this.#connection.name} ${this.#arrow}`,
        sent.bytes,
      );
      if (this.#arrow === ">" && this.#connection.opening === "") {
        this.#connection.opening = String.fromCharCode(
          ...sent.bytes.subarray(0, 100),
        );
      }
      this.other.#receive(sent.bytes);
    });
  }

  #end(how: string): void {
    this.#isShut = true;
    this.#arrive(() => {
      this.#platform.record(this.#connection.name, `${this.#arrow} ${how}`);
      this.other.#hasEnded = true;
      this.other.#reading?.();
    });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) {
      this.#arrive(() => {
        this.other.#isReset = true;
        this.other.#reading?.();
      });
      return;
    }
    this.received = join(this.received, bytes);
    this.#reading?.();
  }

  #arrive(run: () => void): void {
    this.#platform.after(latencyMs, () => {
      if (!this.#connection.isMute) run();
    });
  }
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

/** A body as `fetch` has it: a stream of bytes, not of chunks. */
function bytesIn(body: string): ReadableStream {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      if (body !== "") controller.enqueue(new TextEncoder().encode(body));
      controller.close();
      // Ends the read of a reader that waits for bytes.
      controller.byobRequest?.respond(0);
    },
  });
}
