/**
 * A transport as a Node stream, for node:tls.
 *
 * @module
 */
import { Duplex } from "node:stream";
import {
  closeQuietly,
  ReadBuffer,
  type Transport,
  writeAllBytes,
} from "./transport.ts";

/** A Node stream on a transport. Destroying it closes the transport. */
export class TransportStream extends Duplex {
  readonly #transport: Transport;
  readonly #reading = new ReadBuffer();

  constructor(transport: Transport) {
    // A client that has ended its side still gets its replies.
    super({ allowHalfOpen: true });
    this.#transport = transport;
  }

  /**
   * Called when the transport's stream has ended. This stream does not end
   * then: TLS ends with close_notify, and without it the last bytes may be
   * missing.
   */
  onTruncated: () => void = () => {};

  override _read(): void {
    const { buffer } = this.#reading;
    this.#transport.read(buffer).then(
      (count) => this.#onRead(buffer, count),
      (error) => this.destroy(error),
    );
  }

  #onRead(buffer: Uint8Array, count: number | null): void {
    if (count === null) return this.onTruncated();
    const bytes = buffer.slice(0, count);
    this.#reading.noteRead(count);
    try {
      this.push(bytes);
    } catch (error) {
      // The runtime throws here for some invalid certificates.
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error) => void,
  ): void {
    writeAllBytes(this.#transport, chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#transport.closeWrite().then(() => done(), done);
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    closeQuietly(this.#transport);
    done(error);
  }
}
