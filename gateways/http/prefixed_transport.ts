/**
 * A connection of which some bytes were read already, by the protocol that it
 * spoke before.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Transport } from "../../runtime/transport.ts";

/** Gives some bytes first, and then those of a transport. */
export class PrefixedTransport implements Transport {
  readonly #transport: Transport;
  readonly channelBinding?: () => Promise<ByteString>;
  #prefix: Uint8Array;

  constructor(transport: Transport, prefix: Uint8Array) {
    this.#transport = transport;
    this.#prefix = prefix;
    if (transport.channelBinding !== undefined) {
      this.channelBinding = () => transport.channelBinding!();
    }
  }

  get wasTruncated(): boolean {
    return this.#transport.wasTruncated ?? false;
  }

  read(target: Uint8Array): Promise<number | null> {
    const count = Math.min(this.#prefix.length, target.length);
    if (count === 0) return this.#transport.read(target);
    target.set(this.#prefix.subarray(0, count));
    this.#prefix = this.#prefix.subarray(count);
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#transport.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  close(): void {
    this.#transport.close();
  }
}
