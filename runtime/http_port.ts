/**
 * HTTP ports with limits. `Deno.serve` has none: neither on connections, nor on
 * the time that they wait for a request or for a reader.
 *
 * @module
 */
import { acceptAll } from "./accept.ts";
import type { Clock } from "./clock.ts";
import { HttpConnection, type HttpHandler } from "./http_connection.ts";
import type { LimitName } from "./limit_counts.ts";
import type { Accepted, HttpPort, Listener } from "./network.ts";
import { closeQuietly } from "./transport.ts";

/**
 * Most connections of a port. A browser opens up to six for a page, and keeps
 * one. Each costs a descriptor and up to 20 KiB.
 */
export const maxHttpConnections = 64;

/**
 * How long running requests have to end when the port closes, in milliseconds.
 */
const graceMs = 500;

/** What a port needs besides its listener. */
export interface HttpPortOptions {
  readonly handler: HttpHandler;
  readonly clock: Clock;
  /** Called whenever a limit was reached. */
  readonly onLimit: (limit: LimitName) => void;
  /** Frees a descriptor when there is none for a connection. */
  readonly relieve?: () => boolean;
}

/** Serves the connections of a listener until the port is closed. */
export function serveConnections(
  listener: Listener,
  options: HttpPortOptions,
): HttpPort {
  return new ServedPort(listener, options);
}

class ServedPort implements HttpPort {
  readonly #listener: Listener;
  readonly #options: HttpPortOptions;
  readonly #connections = new Set<HttpConnection>();
  readonly #accepting: Promise<void>;
  #isClosed = false;
  #onAllClosed: (() => void) | undefined;

  constructor(listener: Listener, options: HttpPortOptions) {
    this.#listener = listener;
    this.#options = options;
    const { clock, onLimit, relieve } = options;
    this.#accepting = acceptAll(
      listener,
      (accepted) => this.#serve(accepted),
      {
        clock,
        counts: { hit: onLimit },
        // A port that cannot accept is noticed without a log: it gives no
        // answers.
        emit: () => {},
        isClosed: () => this.#isClosed,
        relieve,
      },
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    closeQuietly(this.#listener);
    for (const connection of this.#connections) connection.stop();
    const cancel = this.#options.clock.after(graceMs, () => {
      for (const connection of this.#connections) connection.close();
    });
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => this.#onAllClosed = resolve);
    }
    cancel();
    await this.#accepting;
  }

  #serve({ address, transport }: Accepted): void {
    const { clock, handler, onLimit } = this.#options;
    if (this.#connections.size >= maxHttpConnections) {
      onLimit("admin-connections");
      if (!this.#makeRoom()) return closeQuietly(transport);
    }
    const connection = new HttpConnection(transport, address, handler, clock);
    this.#connections.add(connection);
    connection.run().then(() => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onAllClosed?.();
    });
  }

  /**
   * Closes the connection that has waited longest for a request, so that idle
   * connections cannot block others. False if all are being answered.
   */
  #makeRoom(): boolean {
    let oldest: HttpConnection | undefined;
    for (const connection of this.#connections) {
      const since = connection.waitingSinceMs ?? Infinity;
      if (since < (oldest?.waitingSinceMs ?? Infinity)) oldest = connection;
    }
    if (oldest === undefined) return false;
    this.#connections.delete(oldest);
    oldest.close();
    return true;
  }
}
