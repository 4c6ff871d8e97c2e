/**
 * A log that only remembers.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Traffic } from "../../runtime/transport.ts";

/** Lines in (`<`) and out (`>`), in order; full when a test says so. */
export class RecordingTraffic implements Traffic {
  readonly lines: string[] = [];
  #isNearlyFull = false;
  #full: PromiseWithResolvers<void> | undefined;

  received(line: ByteString): void {
    this.lines.push(`< ${line}`);
    if (this.#isNearlyFull) this.fill();
    this.#isNearlyFull = false;
  }

  sent(message: ByteString): void {
    this.lines.push(`> ${message}`);
  }

  room(): Promise<void> | undefined {
    return this.#full?.promise;
  }

  fill(): void {
    this.#full ??= Promise.withResolvers<void>();
  }

  /** The next line fills it. */
  nearlyFill(): void {
    this.#isNearlyFull = true;
  }

  drain(): void {
    const full = this.#full;
    this.#full = undefined;
    full?.resolve();
  }
}
