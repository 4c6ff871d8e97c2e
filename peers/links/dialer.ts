/**
 * Dials neighbours that are not linked, repeatedly, with growing waits.
 *
 * @module
 */
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { EmitEvent } from "../../runtime/events.ts";
import type { Transport } from "../../runtime/transport.ts";
import {
  backoffCapMs,
  backoffFloorMs,
  dialTimeoutMs,
  stableAfterMs,
} from "../limits.ts";
import type { ServerEntry } from "../topology.ts";
import type { Neighbour } from "./neighbour.ts";

/** Opens a connection to a neighbour's peer port. */
export type ConnectToNeighbour = (
  neighbour: ServerEntry,
  signal: AbortSignal,
) => Promise<Transport>;

/** What `Dialer` needs. */
export interface DialerOptions {
  readonly clock: Clock;
  readonly connect: ConnectToNeighbour;
  readonly emit: EmitEvent;
  /** Ends all dialling. */
  readonly signal: AbortSignal;
  /**
   * Runs the handshake on a dialled connection. Resolves to the reason for a
   * failure, or undefined if the neighbour is linked.
   */
  readonly handshake: (
    transport: Transport,
    neighbour: Neighbour,
  ) => Promise<string | undefined>;
}

/** Dials the neighbours of one server. */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** Dials a neighbour whenever it is not linked, until the signal. */
  async keepLinked(neighbour: Neighbour): Promise<void> {
    const { clock, signal } = this.#options;
    const backoff = new Backoff(() => clock.random());
    let dialledForMs = 0;
    while (!signal.aborted) {
      if (neighbour.isUp) {
        const sinceMs = clock.elapsedMs();
        await new Promise<void>((resolve) => neighbour.onUnlinked = resolve);
        if (clock.elapsedMs() - sinceMs >= stableAfterMs) backoff.reset();
        dialledForMs = 0;
      }
      // The time that an attempt took is a part of the wait.
      const waitMs = backoff.nextMs() - dialledForMs;
      await sleep(clock, Math.max(waitMs, backoffFloorMs), signal);
      if (!neighbour.isUp && !signal.aborted) {
        const sinceMs = clock.elapsedMs();
        await this.dial(neighbour);
        dialledForMs = clock.elapsedMs() - sinceMs;
      }
    }
  }

  /** Dials once. Logs a failure, unless the last one had the same reason. */
  async dial(neighbour: Neighbour): Promise<void> {
    const { emit, signal } = this.#options;
    const reason = await this.#attempt(neighbour);
    const hasFailed = !neighbour.isUp && !signal.aborted;
    if (hasFailed && reason !== undefined) {
      neighbour.counts.lastFailure = reason;
      if (reason !== neighbour.lastFailure) {
        const { name } = neighbour;
        emit("info", "server", "dial failed", { neighbour: name, reason });
      }
    }
    neighbour.lastFailure = reason;
  }

  /** Dials and runs the handshake. Resolves to the reason for a failure. */
  async #attempt(neighbour: Neighbour): Promise<string | undefined> {
    let transport: Transport;
    try {
      transport = await this.#connect(neighbour.entry);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return await this.#options.handshake(transport, neighbour);
  }

  /** Connects to a neighbour's peer port, within the deadline. */
  async #connect(neighbour: ServerEntry): Promise<Transport> {
    const { clock, connect, signal } = this.#options;
    const attempt = new AbortController();
    const abort = () => attempt.abort(signal.reason);
    const cancel = clock.after(dialTimeoutMs, () => {
      const message = `no connection in ${dialTimeoutMs} ms`;
      attempt.abort(new Deno.errors.TimedOut(message));
    });
    signal.addEventListener("abort", abort);
    try {
      return await connect(neighbour, attempt.signal);
    } catch (error) {
      throw attempt.signal.aborted ? attempt.signal.reason : error;
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }
}

/**
 * The waits before dialling again, with decorrelated jitter: each wait is drawn
 * between the floor and three times the last wait, up to a cap, so that servers
 * that lost the same neighbour do not dial it at the same time. (M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
 */
export class Backoff {
  readonly #random: () => number;
  #lastMs = backoffFloorMs;

  /** @param random Returns numbers from 0 to 1 (exclusive). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next wait, in milliseconds. */
  nextMs(): number {
    const span = this.#lastMs * 3 - backoffFloorMs;
    this.#lastMs = Math.min(
      backoffCapMs,
      backoffFloorMs + this.#random() * span,
    );
    return this.#lastMs;
  }

  /** Starts again at the floor. */
  reset(): void {
    this.#lastMs = backoffFloorMs;
  }
}
