/**
 * An open port of a virtual host, for code that asks for its connections one
 * by one.
 *
 * @module
 */
import type { Accepted, Listener } from "../../runtime/network.ts";
import { closeQuietly } from "../../runtime/transport.ts";
import type { VirtualProcess } from "./virtual_process.ts";

/** A port and the connections that wait to be accepted. */
export class VirtualListener implements Listener {
  readonly #process: VirtualProcess;
  readonly #closePort: () => void;
  #backlog: Accepted[] = [];
  #accepting: PromiseWithResolvers<Accepted> | undefined;
  #isClosed = false;

  /** @param closePort Lets nobody in any more. */
  constructor(process: VirtualProcess, closePort: () => void) {
    this.#process = process;
    this.#closePort = closePort;
  }

  /** Takes a connection that came in. */
  push(accepted: Accepted): void {
    this.#backlog.push(accepted);
    this.#tryAccept();
  }

  accept(): Promise<Accepted> {
    if (!this.#process.isAlive) return new Promise(() => {});
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#accepting !== undefined) {
      return Promise.reject(new Error("two accepts at once"));
    }
    const accepting = this.#accepting = Promise.withResolvers<Accepted>();
    this.#process.run(() => this.#tryAccept());
    return accepting.promise;
  }

  close(): void {
    if (!this.#process.isAlive) return;
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    this.#isClosed = true;
    this.#closePort();
    this.#accepting?.reject(closedError());
    this.#accepting = undefined;
    for (const { transport } of this.#backlog) closeQuietly(transport);
    this.#backlog = [];
  }

  #tryAccept(): void {
    if (this.#accepting === undefined || this.#backlog.length === 0) return;
    this.#accepting.resolve(this.#backlog.shift()!);
    this.#accepting = undefined;
  }
}

function closedError(): Error {
  return new Deno.errors.BadResource("Listener has been closed");
}
