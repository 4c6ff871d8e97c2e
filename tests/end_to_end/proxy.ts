/**
 * A bad network between two servers: every connection between them goes
 * through the test, which decides what becomes of the bytes.
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

/** What becomes of what a server says. */
export type Mode =
  /** It arrives. */
  | "pass"
  /** It vanishes, the end of the stream too; connections stay open. */
  | "drop"
  /** Every chunk arrives late. */
  | "delay"
  /** Half of a chunk arrives, and then the connection is closed. */
  | "truncate"
  /** Connections are closed, and new ones as soon as they are accepted. */
  | "refuse";

/** How late a chunk arrives that is delayed, in milliseconds. */
const delayMs = 250;

/** A proxy for each of two servers, which the other one is to dial. */
export class Proxy implements AsyncDisposable {
  readonly #listeners = new Map<string, Deno.TcpListener>();
  readonly #modes = new Map<string, Mode>();
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<void>>();
  #spoiledCount = 0;
  #isClosed = false;

  /** @param peerPorts Where each of the two listens, by its name. */
  constructor(peerPorts: Readonly<Record<string, number>>) {
    const names = Object.keys(peerPorts);
    for (const [index, name] of names.entries()) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      this.#listeners.set(name, listener);
      this.#modes.set(name, "pass");
      const dialler = names[1 - index];
      this.#track(this.#accept(listener, dialler, name, peerPorts[name]));
    }
  }

  /** Where to dial this server through the proxy. */
  portTo(name: string): number {
    return this.#listeners.get(name)!.addr.port;
  }

  /** How many chunks and connections the mode has changed, since it was set. */
  get spoiledCount(): number {
    return this.#spoiledCount;
  }

  /** Changes what becomes of what these servers say; of all, if none is named. */
  set(mode: Mode, ...speakers: string[]): void {
    for (const speaker of speakers.length > 0 ? speakers : this.#modes.keys()) {
      this.#modes.set(speaker, mode);
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
    dialler: string,
    dialled: string,
    port: number,
  ): Promise<void> {
    for await (const near of listener) {
      if (this.#modes.get(dialler) === "refuse") {
        this.#spoiledCount += 1;
        near.close();
      } else {
        this.#track(this.#join(near, dialler, dialled, port));
      }
    }
  }

  /** Dials on, and carries bytes both ways until both ways have ended. */
  async #join(
    near: Deno.TcpConn,
    dialler: string,
    dialled: string,
    port: number,
  ): Promise<void> {
    using _near = this.#closedLater(near);
    let far: Deno.TcpConn;
    try {
      far = await connect(port);
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
      throw error;
    }
    using _far = this.#closedLater(far);
    if (this.#isClosed) return;
    await Promise.all([
      this.#carry(near, far, dialler),
      this.#carry(far, near, dialled),
    ]);
  }

  async #carry(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    speaker: string,
  ): Promise<void> {
    try {
      const buffer = allocateBuffer(64 * 1024);
      let count;
      while ((count = await from.read(buffer)) !== null) {
        await this.#pass(decodeBytes(buffer, 0, count), from, to, speaker);
      }
    } catch {
      // One of the two was closed, by its server or by the mode.
    }
    await until(() => this.#modes.get(speaker) !== "drop");
    await to.closeWrite().catch(() => {
      // It was closed already.
    });
  }

  async #pass(
    chunk: ByteString,
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    speaker: string,
  ): Promise<void> {
    const mode = this.#modes.get(speaker);
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

  #closedLater(connection: Deno.TcpConn): Disposable {
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
