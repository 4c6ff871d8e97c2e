/**
 * A server that does as a test tells it.
 *
 * @module
 */
import { closeQuietly, writeAll } from "../../runtime/transport.ts";

/** What a server says to a line; `close` to leave, undefined for silence. */
export type Answer = (line: string) => string | undefined;

/** What makes the server close the connection. */
export const close = "close";

/** Listens on a free port, and hears lines. */
export class FakeServer implements AsyncDisposable {
  /** All lines so far. */
  readonly heard: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];
  readonly #serving: Promise<void>;
  #isGone = false;

  constructor(answer: Answer) {
    this.#serving = this.#serve(answer);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** As a program is told it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How often somebody has connected. */
  get connections(): number {
    return this.#connections.length;
  }

  /** Is gone, with all its connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isGone) this.#listener.close();
    this.#isGone = true;
    for (const connection of this.#connections) closeQuietly(connection);
    await this.#serving;
  }

  async #serve(answer: Answer): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.push(connection);
      talks.push(this.#talk(connection, answer));
    }
    await Promise.all(talks);
  }

  async #talk(connection: Deno.TcpConn, answer: Answer): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(1024);
    let text = "";
    try {
      let count;
      while ((count = await connection.read(buffer)) !== null) {
        const lines = (text + decoder.decode(buffer.subarray(0, count)))
          .split("\n");
        text = lines.pop()!;
        for (const line of lines) {
          this.heard.push(line);
          const said = answer(line);
          if (said === close) return;
          if (said !== undefined) await writeAll(connection, said);
        }
      }
    } catch {
      // The test is over, or the other side has left.
    } finally {
      closeQuietly(connection);
    }
  }
}

/** Answers every report as a server of that name, and knows nobody. */
export const answerAs = (server: string): Answer => (line) => {
  const [verb, ...operands] = line.split(" ");
  if (verb !== "IAMAT") return `? ${line}\n`;
  return `AT ${server} +0.100000000 ${operands.join(" ")}\n`;
};

/** A port where nobody listens. */
export function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
