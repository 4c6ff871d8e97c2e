/**
 * Buffers for bytes that are to be sent.
 *
 * @module
 */
import { allocateBuffer, type ByteString } from "../protocol/bytes.ts";

/** First size of a buffer, in bytes: a few acknowledgements. */
const firstBytes = 64;

/** A buffer of more bytes is not kept. */
const keptBytes = 1024;

/** Bytes to be sent, one message after the other. */
export class OutputBuffer {
  #bytes = allocateBuffer(firstBytes);
  #length = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** A view of the bytes, which is valid until something is added. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Removes all bytes. A large buffer is given back. */
  clear(): void {
    if (this.#bytes.length > keptBytes) {
      this.#bytes = allocateBuffer(firstBytes);
    }
    this.#length = 0;
  }

  /** Makes room. Must be called before bytes are added. */
  protected reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = allocateBuffer(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.view);
    this.#bytes = larger;
  }

  protected byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  protected uint16(value: number): void {
    this.byte(value >> 8);
    this.byte(value & 0xff);
  }

  protected append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  protected text(text: ByteString): void {
    for (let index = 0; index < text.length; index++) {
      this.#bytes[this.#length++] = text.charCodeAt(index);
    }
  }
}

/** How many unused buffers are kept. */
const keptBuffers = 64;

/** Unused buffers: a connection has one only while it sends. */
export class OutputPool<Output extends OutputBuffer> {
  readonly #create: () => Output;
  readonly #unused: Output[] = [];

  constructor(create: () => Output) {
    this.#create = create;
  }

  /** An empty buffer. */
  acquire(): Output {
    return this.#unused.pop() ?? this.#create();
  }

  /** Takes a buffer back, which must not be used any more. */
  release(output: Output): void {
    output.clear();
    if (this.#unused.length < keptBuffers) this.#unused.push(output);
  }
}
