/**
 * A port that speaks HTTP, and is still there after the system had no
 * descriptors for a while.
 *
 * @module
 */
import { sleep, SystemClock } from "./clock.ts";
import type { HttpPort, ServeHttp } from "./network.ts";
import { isConnectionEnd } from "./transport.ts";

/** Requests under way have so long to end when all stops, in milliseconds. */
const graceMs = 500;

/** When accepting has failed, in milliseconds, before the port opens again. */
const pauseMs = 100;

/** A reader may be gone; anything else that a handler throws is a fault. */
function answerFault(error: unknown): Response {
  if (!isConnectionEnd(error)) console.error(error);
  return new Response("something is wrong here\n", { status: 500 });
}

/**
 * Opens a port.
 *
 * @throws {Error} What the system says, if that cannot be.
 */
export const openHttpPort: ServeHttp = (hostname, port, handler) =>
  new ServedPort(() => {
    const end = new AbortController();
    const server = Deno.serve({
      hostname,
      port,
      signal: end.signal,
      onListen: () => {},
      onError: answerFault,
    }, handler);
    return { server, end };
  });

/** One life of the port. */
interface ServerRun {
  readonly server: Deno.HttpServer;
  readonly end: AbortController;
}

class ServedPort implements HttpPort {
  readonly #open: () => ServerRun;
  readonly #closing = new AbortController();
  readonly #keeping: Promise<void>;
  #run: ServerRun;

  constructor(open: () => ServerRun) {
    this.#open = open;
    this.#run = open();
    this.#keeping = this.#keepOpen();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { end, server } = this.#run;
    const isLate = setTimeout(() => end.abort(), graceMs);
    await server.shutdown().catch(() => {
      // It has ended already, for want of descriptors.
    });
    clearTimeout(isLate);
    await this.#keeping;
  }

  /** Opens the port again: `Deno.serve` ends when it cannot accept a connection. */
  async #keepOpen(): Promise<void> {
    const { signal } = this.#closing;
    const clock = new SystemClock();
    while (!signal.aborted) {
      try {
        return await this.#run.server.finished;
      } catch {
        do await sleep(clock, pauseMs, signal); while (
          !signal.aborted && !this.#reopen()
        );
      }
    }
  }

  /** False if there is still no descriptor: the port takes one itself. */
  #reopen(): boolean {
    try {
      this.#run = this.#open();
      return true;
    } catch {
      return false;
    }
  }
}
