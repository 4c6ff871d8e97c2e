/**
 * Writes lines for the user without waiting until they are read. A server must
 * not block because its stderr is not read: a pipe whose reader hangs accepts
 * 64 KiB, and then blocks.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import { writeBytes } from "./write.ts";

/** Most bytes that wait to be written; further lines are counted and dropped. */
const maxPendingBytes = 64 * 1024;

/**
 * When a program ends, it waits this long for its last lines, in milliseconds.
 */
const flushTimeoutMs = 1_000;

/** Lines that are written one after the other. */
export class BackgroundNotes {
  readonly #stream: { write(bytes: Uint8Array): Promise<number> };
  readonly #clock: Clock;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #droppedLines = 0;
  #writing: Promise<void> | undefined;

  /** @param stream Such as `Deno.stderr`. */
  constructor(
    stream: { write(bytes: Uint8Array): Promise<number> },
    clock: Clock,
  ) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /** Adds a line. Errors while writing it are ignored. */
  note(text: string): void {
    const bytes = new TextEncoder().encode(`${text}\n`);
    if (this.#pendingBytes + bytes.length > maxPendingBytes) {
      this.#droppedLines += 1;
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all lines are written, or their time is over. */
  async flush(): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(flushTimeoutMs, resolve);
    await Promise.race([this.#writing, timeout]);
    cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const [bytes] = this.#pending;
      try {
        await writeBytes(this.#stream, bytes);
      } catch {
        // The stream is closed, or on a disk that is full.
      }
      this.#pending.shift();
      this.#pendingBytes -= bytes.length;
      if (this.#pending.length === 0 && this.#droppedLines > 0) {
        const count = this.#droppedLines;
        this.#droppedLines = 0;
        this.note(
          `${count} lines are missing here: they were not read in time`,
        );
      }
    }
    this.#writing = undefined;
  }
}
