/**
 * Takes connections in, whatever goes wrong with some of them.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { EmitEvent } from "./events.ts";
import type { LimitCounts } from "./limit_counts.ts";
import type { Accepted, Listener } from "./network.ts";

/** After an accept that failed, in milliseconds, before the next. */
const pauseMs = 100;

/** What taking connections in needs. */
export interface AcceptContext {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  readonly counts: LimitCounts;
  /** Whether the port was closed by ourselves. */
  readonly isClosed: () => boolean;
}

/** Accepts until the listener closes. */
export async function acceptAll(
  listener: Listener,
  serve: (accepted: Accepted) => void,
  { clock, counts, emit, isClosed }: AcceptContext,
): Promise<void> {
  let lastFailure: string | undefined;
  while (true) {
    try {
      serve(await listener.accept());
      lastFailure = undefined;
    } catch (error) {
      if (isClosed()) return;
      // Who was gone before we came must not keep others waiting.
      if (isAlreadyGone(error)) continue;
      const message = String(error);
      if (isOutOfDescriptors(message)) counts.hit("descriptors");
      // Told once for any number of attempts that fail alike.
      if (message !== lastFailure) {
        emit("error", "server", "accept failed", { message });
        lastFailure = message;
      }
      // It takes time until there are descriptors again. Who connects meanwhile
      // waits in the system's queue.
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
  }
}

/** Whether a connection was reset between its coming in and our accepting it. */
function isAlreadyGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}

/** EMFILE or ENFILE, in the system's words. */
function isOutOfDescriptors(message: string): boolean {
  return /too many open files/i.test(message);
}
