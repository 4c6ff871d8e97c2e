/**
 * A ring of log files in memory.
 *
 * @module
 */
import type { LogSink } from "../../log/log_files.ts";

/** Remembers what was written, and fails as disks do when a test says so. */
export class MemoryLog implements LogSink {
  readonly nextPath = "next.log";
  /** Bytes that still fit on the disk: a write may take a part, and then none. */
  roomBytes = Infinity;
  /** Whether the next file can be opened. */
  canOpenNext = true;
  /** A file of this size, in bytes, is full. */
  maxFileBytes = Infinity;
  /** How often it was tried to write or to open. */
  attempts = 0;
  /** What the files hold, the present one last. */
  readonly files = [""];

  get path(): string {
    return "Hill.log";
  }

  /** What all files hold together. */
  get text(): string {
    return this.files.join("");
  }

  get sizeBytes(): number {
    return this.files.at(-1)!.length;
  }

  get isFull(): boolean {
    return this.sizeBytes >= this.maxFileBytes;
  }

  // deno-lint-ignore require-await
  async write(bytes: Uint8Array): Promise<number> {
    return this.writeSync(bytes);
  }

  writeSync(bytes: Uint8Array): number {
    this.attempts += 1;
    if (this.roomBytes === 0) throw new Error("no space left on device");
    const taken = bytes.subarray(0, this.roomBytes);
    this.roomBytes -= taken.length;
    this.files.push(this.files.pop() + new TextDecoder().decode(taken));
    return taken.length;
  }

  // deno-lint-ignore require-await
  async prepareNext(): Promise<void> {
    this.attempts += 1;
    if (!this.canOpenNext) throw new Error("permission denied");
  }

  switchToNext(): void {
    this.files.push("");
  }

  [Symbol.dispose](): void {}
}
