/**
 * A proxy between two servers. The test selects what happens to the bytes of
 * their connections.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../../protocol/bytes.ts";
import { closeQuietly, writeAll } from "../../runtime/transport.ts";
import { connect, until } from "./process.ts";

/** What happens to the bytes that a server sends. */
export type Mode =
  /** They arrive. */
  | "pass"
  /** They are lost, and so is the end of the stream. Connections stay open. */
  | "drop"
  /** Every chunk arrives late. */
  | "delay"
  /** Half of a chunk arrives, and then the connection is closed. */
  | "truncate"
  /** Connections are closed, and new ones as soon as they are accepted. */
  | "refuse";

/** Delay of a chunk, in milliseconds. */
const delayMs = 250;

/** A proxy between two servers, with a port for each. */
export class Proxy implements AsyncDisposable {
  readonly #listeners = new Map<string, Deno.TcpListener>();
  readonly #modes = new Map<string, Mode>();
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<void>>();
  #spoiledCount = 0;
  #isClosed = false;

  /** @param peerPorts The peer ports of the two servers, by name. */
  constructor(peerPorts: Readonly<Record<string, number>>) {
    const names = Object.keys(peerPorts);
    for (const [index, name] of names.entries()) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      this.#listeners.set(name, listener);
      this.#modes.set(name, "pass");
      const dialer = names[1 - index];
      this.#track(this.#accept(listener, dialer, name, peerPorts[name]));
    }
  }

  /** The proxy's port for connections to this server. */
  portTo(name: string): number {
    return this.#listeners.get(name)!.addr.port;
  }

  /** The number of chunks and connections changed since the mode was set. */
  get spoiledCount(): number {
    return this.#spoiledCount;
  }

  /** Sets the mode of these senders; of both servers, if none is named. */
  set(mode: Mode, ...senders: string[]): void {
    for (const sender of senders.length > 0 ? senders : this.#modes.keys()) {
      this.#modes.set(sender, mode);
    }
    this.#spoiledCount = 0;
    if (mode === "refuse") this.#closeConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set("pass");
    this.#isClosed = true;
    for (const listener of this.#listeners.values()) listener.close();
    this.#closeConnections();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  async #accept(
    listener: Deno.TcpListener,
    dialer: string,
    dialled: string,
    port: number,
  ): Promise<void> {
    for await (const near of listener) {
      if (this.#modes.get(dialer) === "refuse") {
        this.#spoiledCount += 1;
        near.close();
      } else {
        this.#track(this.#connect(near, dialer, dialled, port));
      }
    }
  }

  /** Dials the server, and forwards bytes until both directions have ended. */
  async #connect(
    near: Deno.TcpConn,
    dialer: string,
    dialled: string,
    port: number,
  ): Promise<void> {
    using _near = this.#closingAtEnd(near);
    let far: Deno.TcpConn;
    try {
      far = await connect(port);
    } catch (error) {
      // The server is not running, or was killed with this connection.
      const { ConnectionRefused, ConnectionReset } = Deno.errors;
      if (error instanceof ConnectionRefused) return;
      if (error instanceof ConnectionReset) return;
      throw error;
    }
    using _far = this.#closingAtEnd(far);
    if (this.#isClosed) return;
    await Promise.all([
      this.#forward(near, far, dialer),
      this.#forward(far, near, dialled),
    ]);
  }

  async #forward(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    sender: string,
  ): Promise<void> {
    try {
      const buffer = allocateBuffer(64 * 1024);
      let count;
      while ((count = await from.read(buffer)) !== null) {
        await this.#send(decodeBytes(buffer, 0, count), from, to, sender);
      }
    } catch {
      // One of the two was closed, by its server or by the mode.
    }
    await until(() => this.#modes.get(sender) !== "drop");
    await to.closeWrite().catch(() => {
      // It was closed already.
    });
  }

  async #send(
    chunk: ByteString,
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    sender: string,
  ): Promise<void> {
    const mode = this.#modes.get(sender);
    if (mode !== "pass") this.#spoiledCount += 1;
    if (mode === "drop") return;
    if (mode === "delay") {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    if (mode === "truncate") {
      await writeAll(to, chunk.slice(0, chunk.length / 2));
      closeQuietly(from);
    } else {
      await writeAll(to, chunk);
    }
  }

  #closingAtEnd(connection: Deno.TcpConn): Disposable {
    this.#connections.add(connection);
    return {
      [Symbol.dispose]: () => {
        this.#connections.delete(connection);
        closeQuietly(connection);
      },
    };
  }

  #closeConnections(): void {
    for (const connection of this.#connections) closeQuietly(connection);
  }

  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }
}
