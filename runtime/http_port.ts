/**
 * HTTP ports that continue after the system was out of descriptors.
 *
 * @module
 */
import { sleep, SystemClock } from "./clock.ts";
import { isOutOfDescriptors } from "./descriptors.ts";
import type { HttpPort, ServeHttp } from "./network.ts";
import { isConnectionEnd } from "./transport.ts";

/**
 * How long running requests have to end when the port closes, in milliseconds.
 */
const graceMs = 500;

/**
 * Pause after a failed accept before the port is opened again, in milliseconds.
 */
const pauseMs = 100;

/** Prints what a handler has thrown, unless the connection has only ended. */
function answerFault(error: unknown): Response {
  if (!isConnectionEnd(error)) console.error(error);
  return new Response("internal server error\n", { status: 500 });
}

/**
 * Opens an HTTP port.
 *
 * @throws {Error} If the port cannot be opened, as `Deno.serve` throws it.
 */
export const openHttpPort: ServeHttp = (hostname, port, handler, relieve) =>
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
  }, relieve);

/** The port from one opening to the next. */
interface ServerRun {
  readonly server: Deno.HttpServer;
  readonly end: AbortController;
}

class ServedPort implements HttpPort {
  readonly #open: () => ServerRun;
  readonly #relieve: () => boolean;
  readonly #closing = new AbortController();
  readonly #keeping: Promise<void>;
  #run: ServerRun;

  constructor(open: () => ServerRun, relieve = () => false) {
    this.#open = open;
    this.#relieve = relieve;
    this.#run = open();
    this.#keeping = this.#keepOpen();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { end, server } = this.#run;
    const timer = setTimeout(() => end.abort(), graceMs);
    await server.shutdown().catch(() => {
      // The server has ended, as it was out of descriptors.
    });
    clearTimeout(timer);
    await this.#keeping;
  }

  /**
   * Opens the port again whenever `Deno.serve` has ended because it could not
   * accept a connection.
   */
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

  /** False if the port cannot be opened, as it needs a descriptor itself. */
  #reopen(): boolean {
    try {
      this.#run = this.#open();
      return true;
    } catch (error) {
      if (isOutOfDescriptors(error)) this.#relieve();
      return false;
    }
  }
}
