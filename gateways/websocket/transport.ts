/**
 * A stream of bytes by WebSocket, as MQTT uses it: frames may end anywhere in a
 * packet.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import {
  closeQuietly,
  ReadBuffer,
  type Transport,
  writeAllBytes,
} from "../../runtime/transport.ts";
import type { ReceivedBytes } from "../../sessions/received_bytes.ts";
import {
  type CloseCode,
  FrameReader,
  makeClose,
  makeFrame,
  opcodes,
} from "./frames.ts";
import { closeMs, maxWriteBytes } from "./limits.ts";

/** The transport within a WebSocket whose handshake is over. */
export class WebSocketTransport implements Transport {
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #receivedBytes: Pick<ReceivedBytes, "add" | "hasRoom">;
  #heldBytes = 0;
  readonly #reader = new FrameReader({ isStream: true });
  readonly #buffer = new ReadBuffer();
  /** A payload that was not read whole. */
  #rest: Uint8Array | undefined;
  /** The frame that is being written. */
  #writing: Promise<void> = Promise.resolve();
  #isClosing = false;
  /** Whether a pong waits for the frame that is being written. */
  #isPongWaiting = false;

  /** @param receivedBytes Counts what is held. */
  constructor(
    inner: Transport,
    clock: Clock,
    receivedBytes: Pick<ReceivedBytes, "add" | "hasRoom">,
  ) {
    this.#inner = inner;
    this.#clock = clock;
    this.#receivedBytes = receivedBytes;
  }

  /** The memory of frames that have not ended, and of a large buffer, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#rest !== undefined) return this.#take(this.#rest, target);
      const event = this.#reader.next();
      const { bytes, end, fault, start } = this.#reader;
      switch (event) {
        case "binary":
          if (end > start) this.#rest = bytes.subarray(start, end);
          break;
        case "text":
          return this.#endWith(1003, "MQTT needs binary frames");
        case "ping":
          this.#sendPong(bytes.slice(start, end));
          break;
        case "pong":
          break;
        case "close":
          return this.#endWith(1000, "");
        case undefined: {
          if (fault !== undefined) {
            return this.#endWith(fault.code, fault.detail);
          }
          this.#hold(this.#reader.unfinishedBytes + this.#buffer.extraBytes);
          const count = await this.#inner.read(this.#buffer.buffer);
          if (count === null) return null;
          this.#reader.push(this.#buffer.buffer, count);
          this.#buffer.noteRead(count, this.#receivedBytes.hasRoom);
        }
      }
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, maxWriteBytes);
    await this.#send(makeFrame(opcodes.binary, part));
    return part.length;
  }

  async closeWrite(): Promise<void> {
    await this.#sendClose(1000, "");
    await this.#inner.closeWrite();
  }

  close(): void {
    this.#hold(0);
    this.#inner.close();
  }

  #hold(bytes: number): void {
    this.#receivedBytes.add(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #take(rest: Uint8Array, target: Uint8Array): number {
    const count = Math.min(rest.length, target.length);
    target.set(rest.subarray(0, count));
    this.#rest = count === rest.length ? undefined : rest.subarray(count);
    return count;
  }

  /** Writes a frame after those before it. */
  #send(frame: Uint8Array): Promise<void> {
    const before = this.#writing;
    const sending = (async () => {
      await before;
      if (!this.#isClosing) await writeAllBytes(this.#inner, frame);
    })();
    this.#writing = sending.catch(() => {});
    return sending;
  }

  /** Answers a ping. Of many, the last one that waits is not needed. */
  #sendPong(payload: Uint8Array): void {
    if (this.#isPongWaiting) return;
    this.#isPongWaiting = true;
    this.#send(makeFrame(opcodes.pong, payload))
      .catch(() => {})
      .finally(() => this.#isPongWaiting = false);
  }

  async #sendClose(code: CloseCode, detail: string): Promise<void> {
    if (this.#isClosing) return;
    const sending = this.#send(makeClose(code, detail));
    await sending;
    this.#isClosing = true;
  }

  /** Says why the connection ends, and gives the end of the stream. */
  async #endWith(code: CloseCode, detail: string): Promise<null> {
    const cancel = this.#clock.after(
      closeMs,
      () => closeQuietly(this.#inner),
    );
    try {
      await this.#sendClose(code, detail);
    } catch {
      // The client has closed without waiting.
    } finally {
      cancel();
    }
    return null;
  }
}
