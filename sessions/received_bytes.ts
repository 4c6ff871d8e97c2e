/**
 * Limits the memory that all clients' received bytes take: lines that have not
 * ended, and buffers for reading.
 *
 * @module
 */

/** Counts the bytes of all connections of a port. */
export class ReceivedBytes {
  #bytes = 0;
  readonly #maxBytes: number;
  readonly #onFull: () => void;

  /** @param onFull Called when there are more than `maxBytes`. */
  constructor(maxBytes: number, onFull: () => void) {
    this.#maxBytes = maxBytes;
    this.#onFull = onFull;
  }

  /** A connection holds more bytes than before, or fewer. */
  add(change: number): void {
    this.#bytes += change;
    if (this.#bytes > this.#maxBytes) this.#onFull();
  }

  /** Whether there is room for large buffers: not if half of it is used. */
  get hasRoom(): boolean {
    return this.#bytes <= this.#maxBytes / 2;
  }

  /**
   * Whether more than three quarters are used. When all are used, clients are
   * disconnected until this is false, so that it is seldom necessary.
   */
  get isNearlyFull(): boolean {
    return this.#bytes > this.#maxBytes * 0.75;
  }
}
