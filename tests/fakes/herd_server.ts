/**
 * A server whose replies a test determines.
 *
 * @module
 */
import { closeQuietly, writeAll } from "../../runtime/transport.ts";

/** The reply to a line; `close` to close the connection, undefined for none. */
export type Answer = (line: string) => string | undefined;

/** The reply that makes the server close the connection. */
export const close = "close";

/** Listens on a free port, and receives lines. */
export class FakeServer implements AsyncDisposable {
  /** All lines so far. */
  readonly received: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];
  readonly #serving: Promise<void>;
  #isClosed = false;

  constructor(answer: Answer) {
    this.#serving = this.#serve(answer);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** `host:port`, as an argument of a program. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How many connections were accepted. */
  get connections(): number {
    return this.#connections.length;
  }

  /** Closes the port and all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) this.#listener.close();
    this.#isClosed = true;
    for (const connection of this.#connections) closeQuietly(connection);
    await this.#serving;
  }

  async #serve(answer: Answer): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.push(connection);
      served.push(this.#serveConnection(connection, answer));
    }
    await Promise.all(served);
  }

  async #serveConnection(
    connection: Deno.TcpConn,
    answer: Answer,
  ): Promise<void> {
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
          this.received.push(line);
          const reply = answer(line);
          if (reply === close) return;
          if (reply !== undefined) await writeAll(connection, reply);
        }
      }
    } catch {
      // The test has ended, or the other side has closed.
    } finally {
      closeQuietly(connection);
    }
  }
}

/**
 * Answers every report as a server of this name, and refuses everything else.
 */
export const answerAs = (server: string): Answer => (line) => {
  const [verb, ...operands] = line.split(" ");
  if (verb !== "IAMAT") return `? ${line}\n`;
  return `AT ${server} +0.100000000 ${operands.join(" ")}\n`;
};

/** A port on which nothing listens. */
export function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
