/**
 * A transport as a stream of Node's, which is what node:tls takes.
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

/** Reads from and writes to a transport, and closes it in the end. */
export class TransportStream extends Duplex {
  readonly #transport: Transport;
  readonly #reading = new ReadBuffer();

  constructor(transport: Transport) {
    // A client that has ended its side still gets its answers.
    super({ allowHalfOpen: true });
    this.#transport = transport;
  }

  /**
   * Called when the transport's stream has ended. The stream itself does not
   * say so: what is on top of it knows when the other side has said its last,
   * and then this is no news; and otherwise the last may be missing.
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
      // The runtime throws here what it finds wrong with some certificates.
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
