/**
 * What still has to go to one neighbour. Keyed by client, so that a newer
 * report replaces an older one that has not left yet: a slow or frozen
 * neighbour costs at most one entry a client, and gets the present when it
 * wakes, not the past.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { isNewer } from "../protocol/report.ts";
import { catchUpWriteBytes, maxWriteBytes } from "./limits.ts";

/** Lines waiting for one neighbour: live reports, and behind them a catch-up. */
export class Outbox {
  readonly #reports = new Map<ByteString, ByteString>();
  #catchUp: Iterator<ByteString> | undefined;

  /** Adds a report, in place of an older one about the same client. */
  put(client: ByteString, line: ByteString): void {
    this.#reports.set(client, line);
  }

  /**
   * The neighbour has told us this itself: what is no newer need not be told
   * back.
   */
  forget(client: ByteString, told: ByteString): void {
    const waiting = this.#reports.get(client);
    if (waiting !== undefined && !isNewer(waiting, told)) {
      this.#reports.delete(client);
    }
  }

  /** Sends these lines too, when no live report waits. Replaces any other. */
  catchUpWith(lines: Iterator<ByteString> | undefined): void {
    this.#catchUp = lines;
  }

  /** Drops everything. */
  clear(): void {
    this.#reports.clear();
    this.#catchUp = undefined;
  }

  /** How many live reports wait. */
  get waiting(): number {
    return this.#reports.size;
  }

  /**
   * Takes out the lines of the next write, oldest first and within the limit
   * on bytes. Empty when nothing is left.
   */
  take(): ByteString[] {
    const lines: ByteString[] = [];
    let sizeBytes = 0;
    for (const [client, line] of this.#reports) {
      if (sizeBytes >= maxWriteBytes) return lines;
      this.#reports.delete(client);
      lines.push(line);
      sizeBytes += line.length + 1;
    }
    if (lines.length > 0) return lines;
    while (this.#catchUp !== undefined && sizeBytes < catchUpWriteBytes) {
      const { done, value } = this.#catchUp.next();
      if (done) {
        this.#catchUp = undefined;
      } else {
        lines.push(value);
        sizeBytes += value.length + 1;
      }
    }
    return lines;
  }
}
