/**
 * An open port in memory.
 *
 * @module
 */
import type { Accepted, Listener } from "../../runtime/network.ts";
import { PipeEnd } from "./pipe.ts";

/** A port that a test connects to. */
export class FakeListener implements Listener {
  readonly address = "127.0.0.1:8000";
  readonly isEncrypted = false;
  readonly #coming: (Accepted | Error)[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Makes `accept` return a connection or throw an error. */
  bring(next: Accepted | Error): void {
    this.#coming.push(next);
    this.#wake?.();
  }

  /** Connects a client; returns its end. */
  connect(): PipeEnd {
    const [transport, client] = PipeEnd.pair();
    this.bring({ transport, address: "192.0.2.1", port: 5000 });
    return client;
  }

  async accept(): Promise<Accepted> {
    while (this.#coming.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const next = this.#coming.shift();
    if (next === undefined) throw new Deno.errors.BadResource("closed");
    if (next instanceof Error) throw next;
    return next;
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }
}
