/**
 * Accepts connections, and continues after errors.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { isOutOfDescriptors } from "./descriptors.ts";
import type { EmitEvent } from "./events.ts";
import type { LimitCounts } from "./limit_counts.ts";
import type { Accepted, Listener } from "./network.ts";

/** Pause after a failed accept, in milliseconds. */
const pauseMs = 100;

/** What `acceptAll` needs. */
export interface AcceptContext {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  readonly counts: Pick<LimitCounts, "hit">;
  /** Whether this server has closed the port. */
  readonly isClosed: () => boolean;
  /**
   * Frees a descriptor when there is none for a connection.
   *
   * @returns Whether one was freed.
   */
  readonly relieve?: () => boolean;
}

/** Accepts connections until the listener is closed. */
export async function acceptAll(
  listener: Listener,
  serve: (accepted: Accepted) => void,
  { clock, counts, emit, isClosed, relieve }: AcceptContext,
): Promise<void> {
  let lastFailure: string | undefined;
  let shortages = 0;
  while (true) {
    try {
      serve(await listener.accept());
      lastFailure = undefined;
      shortages = 0;
    } catch (error) {
      if (isClosed()) return;
      // The other connections must not wait because of one that has ended.
      if (endedBeforeAccept(error)) continue;
      let isPassing = false;
      if (isOutOfDescriptors(error)) {
        counts.hit("descriptors");
        if (relieve?.()) continue;
        shortages += 1;
        // The reserve takes some for a moment when it checks for more.
        isPassing = shortages === 1;
      }
      const message = String(error);
      // Equal errors in a row are logged once.
      if (message !== lastFailure && !isPassing) {
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
