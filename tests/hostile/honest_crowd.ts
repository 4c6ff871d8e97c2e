/**
 * Many clients that do nothing wrong, on one connection.
 *
 * @module
 */
import { allocateBuffer, decodeBytes } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import { connect } from "../end_to_end/process.ts";

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

  constructor(port: number, count: number, name = "crowd") {
    this.#port = port;
    this.ids = Array.from({ length: count }, (_, index) => `${name}-${index}`);
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
