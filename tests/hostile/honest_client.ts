/**
 * Clients that do nothing wrong. They report again and again, and remember how
 * long each answer took.
 *
 * @module
 */
import { allocateBuffer, decodeBytes } from "../../protocol/bytes.ts";
import { closeQuietly, writeAll } from "../../runtime/transport.ts";
import { connect } from "../end_to_end/process.ts";

/** Longer than any answer takes, in milliseconds: then it is given up. */
const patienceMs = 30_000;

/** One client, that reports all the time until it is stopped. */
export class HonestClient {
  readonly #connection: Deno.TcpConn;
  readonly #id: string;
  readonly #everyMs: number;
  readonly #durationsMs: number[] = [];
  readonly #running: Promise<void>;
  #isStopping = false;
  #failure: string | undefined;
  #wake = () => {};

  private constructor(connection: Deno.TcpConn, id: string, everyMs: number) {
    this.#connection = connection;
    this.#id = id;
    this.#everyMs = everyMs;
    this.#running = this.#run();
  }

  /** Connects, and reports at once and then so often. */
  static async start(
    port: number,
    { id = "honest", everyMs = 50 } = {},
  ): Promise<HonestClient> {
    return new HonestClient(await connect(port), id, everyMs);
  }

  /** Ends; the answer that is still due counts with the time that it takes. */
  async stop(): Promise<HonestResult> {
    this.#isStopping = true;
    this.#wake();
    await this.#running;
    closeQuietly(this.#connection);
    const sorted = this.#durationsMs.toSorted((one, other) => one - other);
    const at = (part: number) =>
      Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);
    return {
      answers: sorted.length,
      medianMs: at(0.5),
      worstMs: Math.round(sorted.at(-1) ?? 0),
      failure: this.#failure,
    };
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopping) {
        const startMs = performance.now();
        await this.#report();
        const tookMs = performance.now() - startMs;
        this.#durationsMs.push(tookMs);
        await this.#pause(this.#everyMs - tookMs);
      }
    } catch (error) {
      this.#failure = String(error);
    }
  }

  async #report(): Promise<void> {
    const startMs = performance.now();
    const giveUp = setTimeout(() => closeQuietly(this.#connection), patienceMs);
    try {
      const time = (Date.now() / 1000).toFixed(3);
      await writeAll(
        this.#connection,
        `IAMAT ${this.#id} +34.068930-118.445127 ${time}\n`,
      );
      await readLine(this.#connection);
    } catch (error) {
      this.#durationsMs.push(performance.now() - startMs);
      throw error;
    } finally {
      clearTimeout(giveUp);
    }
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What a client has found. */
export interface HonestResult {
  readonly answers: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Why it ended before it was stopped. */
  readonly failure: string | undefined;
}

async function readLine(connection: Deno.TcpConn): Promise<string> {
  const buffer = allocateBuffer(4_096);
  let text = "";
  while (!text.endsWith("\n")) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the server closed the connection");
    text += decodeBytes(buffer, 0, count);
  }
  return text;
}

/** Many clients of one connection, that report together so often. */
export class HonestCrowd {
  readonly ids: readonly string[];
  readonly #port: number;
  #isStopping = false;
  #wake = () => {};
  #running = Promise.resolve();

  constructor(port: number, count: number) {
    this.#port = port;
    this.ids = Array.from({ length: count }, (_, index) => `crowd-${index}`);
  }

  /** All report; resolves when all are answered, or the server is gone. */
  async report(): Promise<boolean> {
    try {
      using connection = await connect(this.#port);
      const time = (Date.now() / 1000).toFixed(3);
      const lines = this.ids.map((id) => `IAMAT ${id} +1.5-1.5 ${time}\n`);
      await writeAll(connection, lines.join(""));
      for (let left = this.ids.length; left > 0;) {
        left -= (await readLine(connection)).split("\n").length - 1;
      }
      return true;
    } catch {
      return false;
    }
  }

  /** All report so often from now on. */
  start(everyMs: number): void {
    this.#running = (async () => {
      while (!this.#isStopping) {
        await this.report();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, everyMs);
          this.#wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (this.#isStopping) this.#wake();
        });
      }
    })();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#running;
  }

  /** How many of them a server knows; 0 if it does not answer. */
  async knownAt(port: number): Promise<number> {
    try {
      using connection = await connect(port);
      const lines = this.ids.map((id) => `WHATSAT ${id} 0 0\n`);
      await writeAll(connection, lines.join(""));
      await connection.closeWrite();
      const buffer = allocateBuffer(64 * 1024);
      let text = "";
      let count;
      while ((count = await connection.read(buffer)) !== null) {
        text += decodeBytes(buffer, 0, count);
      }
      return text.match(/^AT /gm)?.length ?? 0;
    } catch {
      return 0;
    }
  }
}
