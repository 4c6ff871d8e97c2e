/**
 * A traffic log in memory.
 *
 * @module
 */
import { decodeBytes } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { TrafficLog } from "../../runtime/transport.ts";

/**
 * Records lines received (`<`) and sent (`>`), in order. A test can fill it.
 */
export class RecordingTrafficLog implements TrafficLog {
  readonly lines: string[] = [];
  #isNearlyFull = false;
  #full: PromiseWithResolvers<void> | undefined;

  /** When each line was logged, in POSIX seconds. */
  readonly seconds: number[] = [];
  #now = NaN;

  stampTime({ nanoseconds, seconds }: Timestamp): void {
    this.#now = seconds + nanoseconds / 1e9;
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    this.seconds.push(this.#now);
    this.lines.push(`< ${decodeBytes(bytes, start, end)}`);
    if (this.#isNearlyFull) this.fill();
    this.#isNearlyFull = false;
  }

  sent(bytes: Uint8Array, start: number, end: number): void {
    this.seconds.push(this.#now);
    this.lines.push(`> ${decodeBytes(bytes, start, end)}`);
  }

  whenDrained(): Promise<void> | undefined {
    return this.#full?.promise;
  }

  fill(): void {
    this.#full ??= Promise.withResolvers<void>();
  }

  /** Makes the next received line fill it. */
  nearlyFill(): void {
    this.#isNearlyFull = true;
  }

  drain(): void {
    const full = this.#full;
    this.#full = undefined;
    full?.resolve();
  }
}
