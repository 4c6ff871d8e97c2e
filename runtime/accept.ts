/**
 * Accepts connections, and continues after errors.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { EmitEvent } from "./events.ts";
import type { LimitCounts } from "./limit_counts.ts";
import type { Accepted, Listener } from "./network.ts";

/** Pause after a failed accept, in milliseconds. */
const pauseMs = 100;

/** What `acceptAll` needs. */
export interface AcceptContext {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  readonly counts: LimitCounts;
  /** Whether this server has closed the port. */
  readonly isClosed: () => boolean;
}

/** Accepts connections until the listener is closed. */
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
      // The other connections must not wait because of one that has ended.
      if (endedBeforeAccept(error)) continue;
      const message = String(error);
      if (isOutOfDescriptors(message)) counts.hit("descriptors");
      // Equal errors in a row are logged once.
      if (message !== lastFailure) {
        emit("error", "server", "accept failed", { message });
        lastFailure = message;
      }
      // Descriptors need time to become free. New connections wait in the
      // system's queue meanwhile.
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
  }
}

/** Whether the connection ended before it was accepted. */
function endedBeforeAccept(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}

/** Whether this is the text of EMFILE or ENFILE. */
function isOutOfDescriptors(message: string): boolean {
  return /too many open files/i.test(message);
}
