/**
 * One direction of a connection: the bytes that the sending kernel has taken and
 * those under way, with flow control.
 *
 * @module
 */
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import type { Path } from "./path.ts";

/** Probability that the rest of a write is sent in one packet. */
const wholeChance = 0.7;

/** The receiving end of a stream. */
export interface StreamReceiver {
  /** Called first: the connection is established. */
  onAck(): void;
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
  onReset(): void;
}

type Packet =
  & { readonly dueMs: number }
  & (
    | { readonly kind: "ack" | "end" | "reset" }
    | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  );

/** What `VirtualStream` needs. */
export interface StreamOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** From the sender to the receiver. */
  readonly path: Path;
  /** From the receiver to the sender, for flow control. */
  readonly returnPath: Path;
  /** Most bytes that were taken and not read yet. */
  readonly bufferBytes: number;
}

/** A stream of bytes from a sender to a receiver. */
export class VirtualStream {
  /** Set before the first packet arrives. */
  receiver!: StreamReceiver;
  /** Called when there is room again, after `room` has returned 0. */
  onRoom: () => void = () => {};
  readonly #options: StreamOptions;
  readonly #arrive = () => this.#takeFirst();
  readonly #tryToArrive = () => this.#options.path.pass(this.#arrive);
  #packets: Packet[] = [];
  #isMoving = false;
  #roomBytes: number;
  #inFlightBytes = 0;
  #isSenderWaiting = false;
  #hasEnded = false;
  #isReset = false;
  #isSwallowing = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#roomBytes = options.bufferBytes;
  }

  /** Whether it ends with a reset. */
  get isReset(): boolean {
    return this.#isReset;
  }

  /** The number of bytes that were taken and have not arrived. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** How many bytes it can take. After 0, `onRoom` is called. */
  room(): number {
    this.#isSenderWaiting = this.#roomBytes === 0;
    return this.#roomBytes;
  }

  /** Sends the SYN-ACK or ACK, before anything else. */
  sendAck(): void {
    this.#send({ kind: "ack", dueMs: this.#drawDueMs() });
  }

  /** Takes ownership of bytes, at most as many as `room` returns. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#isReset) return;
    const { random } = this.#options;
    this.#roomBytes -= bytes.length;
    this.#inFlightBytes += bytes.length;
    let start = 0;
    while (start < bytes.length) {
      const restBytes = bytes.length - start;
      const sizeBytes = random.chance(wholeChance)
        ? restBytes
        : 1 + random.below(restBytes);
      this.#send({
        kind: "bytes",
        bytes: bytes.subarray(start, start + sizeBytes),
        dueMs: this.#drawDueMs(),
      });
      start += sizeBytes;
    }
  }

  /** Ends the stream after the bytes that it has taken. */
  end(): void {
    if (this.#hasEnded || this.#isReset) return;
    this.#hasEnded = true;
    this.#send({ kind: "end", dueMs: this.#drawDueMs() });
  }

  /** Loses the data under way from a random byte on, and resets. */
  reset(): void {
    if (this.#isReset) return;
    this.cut();
    this.#isReset = true;
    this.#send({ kind: "reset", dueMs: this.#drawDueMs() });
  }

  /** To be called when the sender's machine loses power. */
  lose(): void {
    if (this.#options.path.isOpen) {
      this.cut();
    } else {
      this.#packets = [];
      this.#inFlightBytes = 0;
    }
  }

  /** Loses the data under way, and all later data. */
  swallow(): void {
    this.#isSwallowing = true;
    this.#packets = [];
  }

  /** Loses the data under way from a random byte on, or none. */
  cut(): void {
    if (this.#isReset) return;
    const { random } = this.#options;
    // The end counts as a byte, as in TCP, so that only the end may be lost.
    const endSize = this.#packets.at(-1)?.kind === "end" ? 1 : 0;
    const keptSize = random.below(this.#inFlightBytes + endSize + 1);
    if (keptSize === this.#inFlightBytes + endSize) return;
    this.#inFlightBytes = keptSize;
    const kept: Packet[] = [];
    let restBytes = keptSize;
    for (const packet of this.#packets) {
      if (packet.kind === "end") break;
      if (packet.kind === "bytes") {
        const bytes = packet.bytes.subarray(0, restBytes);
        if (bytes.length > 0) kept.push({ ...packet, bytes });
        restBytes -= bytes.length;
      } else {
        kept.push(packet);
      }
    }
    this.#packets = kept;
    // The end was after the lost bytes.
    this.#hasEnded = false;
  }

  /** Frees room for the bytes that the receiver has read. */
  onRead(sizeBytes: number): void {
    const { returnPath } = this.#options;
    const free = () => {
      this.#roomBytes += sizeBytes;
      if (!this.#isSenderWaiting) return;
      this.#isSenderWaiting = false;
      this.onRoom();
    };
    // The time at which the sender learns of it matters only if it waits.
    if (this.#isSenderWaiting) returnPath.travel(free);
    else returnPath.pass(free);
  }

  #drawDueMs(): number {
    const { time, path } = this.#options;
    return time.elapsedMs + path.drawDelayMs();
  }

  #send(packet: Packet): void {
    if (this.#isSwallowing) return;
    this.#packets.push(packet);
    this.#move();
  }

  /** Schedules the arrival of the first packet; the others follow it. */
  #move(): void {
    if (this.#isMoving || this.#packets.length === 0) return;
    this.#isMoving = true;
    this.#options.time.at(this.#packets[0].dueMs, this.#tryToArrive);
  }

  #takeFirst(): void {
    this.#isMoving = false;
    // A cut may have removed the packet that was due, and the first packet may
    // now be a later one.
    const isDue = this.#packets.length > 0 &&
      this.#packets[0].dueMs <= this.#options.time.elapsedMs;
    const packet = isDue ? this.#packets.shift() : undefined;
    this.#move();
    if (packet !== undefined) this.#deliver(packet);
  }

  #deliver(packet: Packet): void {
    switch (packet.kind) {
      case "ack":
        return this.receiver.onAck();
      case "bytes":
        this.#inFlightBytes -= packet.bytes.length;
        return this.receiver.onBytes(packet.bytes);
      case "end":
        return this.receiver.onEnd();
      case "reset":
        return this.receiver.onReset();
    }
  }
}
