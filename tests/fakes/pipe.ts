/**
 * Connections in memory.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import { Buffer } from "node:buffer";
import type { Transport } from "../../runtime/transport.ts";

/** One end of a connection. */
export class PipeEnd implements Transport {
  /** The text of every write of this end. */
  readonly writes: ByteString[] = [];
  /** Most bytes of one write. */
  maxWriteBytes = Infinity;
  /** Called before every write. */
  onWrite: (text: ByteString) => void = () => {};
  #other!: PipeEnd;
  #incoming: ByteString = "";
  #ended = false;
  #isWriting = false;
  #writeEnded = false;
  #closed = false;
  #wake: (() => void) | undefined;
  #frozen: PromiseWithResolvers<void> | undefined;

  /** Both ends of a new connection. */
  static pair(): [PipeEnd, PipeEnd] {
    const [one, other] = [new PipeEnd(), new PipeEnd()];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (this.#incoming === "" && !this.#ended && !this.#closed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    if (this.#incoming === "") return null;
    const chunk = this.#incoming.slice(0, target.length);
    this.#incoming = this.#incoming.slice(chunk.length);
    target.set(encodeBytes(chunk));
    return chunk.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    // A real connection may write a part of each, and mix them.
    if (this.#isWriting) throw new Error("two writes at the same time");
    this.#isWriting = true;
    try {
      return await this.#write(decodeBytes(
        Buffer.from(bytes),
        0,
        Math.min(bytes.length, this.maxWriteBytes),
      ));
    } finally {
      this.#isWriting = false;
    }
  }

  async #write(text: ByteString): Promise<number> {
    this.onWrite(text);
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    if (this.#frozen !== undefined) await this.#frozen.promise;
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    if (this.#writeEnded || this.#other.#closed) {
      throw new Deno.errors.BrokenPipe("broken pipe");
    }
    this.writes.push(text);
    this.#other.#receive(text);
    return text.length;
  }

  closeWrite(): Promise<void> {
    this.#writeEnded = true;
    this.#other.#end();
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    this.#closed = true;
    this.thaw();
    this.#wake?.();
    this.#other.#end();
  }

  /** The other end. */
  get other(): PipeEnd {
    return this.#other;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Everything that was received and not read yet. */
  get unread(): ByteString {
    return this.#incoming;
  }

  /** Removes and returns everything that was received. */
  takeAll(): ByteString {
    const text = this.#incoming;
    this.#incoming = "";
    return text;
  }

  /** From now on writes wait. */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers<void>();
  }

  /** Waiting and future writes complete again. */
  thaw(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  /** Sends a text to the other end, without the effects of `write`. */
  sendText(text: ByteString): void {
    this.#other.#receive(text);
  }

  #receive(text: ByteString): void {
    this.#incoming += text;
    this.#wake?.();
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}
