/**
 * A log file in memory.
 *
 * @module
 */
import type { LogSink } from "../../journal/log_files.ts";

/** Remembers what was written; fails like a full disk when a test says so. */
export class MemoryLog implements LogSink {
  readonly path = "Hill.log";
  readonly nextPath = "Hill.1.log";
  readonly sizeBytes = 0;
  readonly isFull = false;
  isDiskFull = false;
  text = "";

  // deno-lint-ignore require-await
  async write(bytes: Uint8Array): Promise<void> {
    this.writeSync(bytes);
  }

  writeSync(bytes: Uint8Array): void {
    if (this.isDiskFull) throw new Error("no space left on device");
    this.text += new TextDecoder().decode(bytes);
  }

  next(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {}
}
