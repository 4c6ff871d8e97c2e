/**
 * A log that only remembers.
 *
 * @module
 */
import { decodeBytes } from "../../protocol/bytes.ts";
import type { Traffic } from "../../runtime/transport.ts";

/** Lines in (`<`) and out (`>`), in order; full when a test says so. */
export class RecordingTraffic implements Traffic {
  readonly lines: string[] = [];
  #isNearlyFull = false;
  #full: PromiseWithResolvers<void> | undefined;

  /** How often it was told that time has passed. */
  begins = 0;

  begin(): void {
    this.begins += 1;
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    this.lines.push(`< ${decodeBytes(bytes, start, end)}`);
    if (this.#isNearlyFull) this.fill();
    this.#isNearlyFull = false;
  }

  sent(bytes: Uint8Array, start: number, end: number): void {
    this.lines.push(`> ${decodeBytes(bytes, start, end)}`);
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
