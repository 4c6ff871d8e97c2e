/**
 * A ring of log files in memory.
 *
 * @module
 */
import type { LogSink } from "../../log/log_files.ts";

/** Records what was written, and fails as disks do if a test requests it. */
export class MemoryLog implements LogSink {
  readonly nextPath = "next.log";
  /** Free bytes on the disk. A write without room is partial, or fails. */
  roomBytes = Infinity;
  /** Whether the next file can be opened. */
  canOpenNext = true;
  /** A file of this size, in bytes, is full. */
  maxFileBytes = Infinity;
  /** How often a write or an opening was tried. */
  attempts = 0;
  /** The contents of the files; the last one is open. */
  readonly files = [""];

  get path(): string {
    return "Hill.log";
  }

  /** The contents of all files together. */
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
