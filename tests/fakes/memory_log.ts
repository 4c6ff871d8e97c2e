/**
 * A ring of log files in memory.
 *
 * @module
 */
import type { Detachment, LogSink } from "../../log/log_files.ts";

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
  /** What the next check finds, if it finds something. */
  detachment: Detachment | undefined;
  isDetached = false;
  /** Whether the files were closed. */
  isClosed = false;
  #hanging: PromiseWithResolvers<void> | undefined;
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

  /** Operations do not end from now on, until `resume`. */
  hang(): void {
    this.#hanging = Promise.withResolvers();
  }

  /** Ends the operations that hang. */
  resume(): void {
    this.#hanging?.resolve();
    this.#hanging = undefined;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#hanging?.promise;
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

  async prepareNext(): Promise<void> {
    await this.#hanging?.promise;
    this.attempts += 1;
    if (!this.canOpenNext) throw new Error("permission denied");
  }

  switchToNext(): void {
    this.files.push("");
  }

  async check(): Promise<Detachment | undefined> {
    await this.#hanging?.promise;
    const { detachment } = this;
    this.detachment = undefined;
    this.isDetached ||= detachment !== undefined;
    return detachment;
  }

  async reopen(): Promise<void> {
    await this.#hanging?.promise;
    this.attempts += 1;
    if (!this.canOpenNext) throw new Error("permission denied");
    this.isDetached = false;
    this.files.push("");
  }

  [Symbol.dispose](): void {
    this.isClosed = true;
  }
}
