/**
 * One direction of a connection: what a kernel has taken to send, what is on
 * its way, and how much more there is room for.
 *
 * @module
 */
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import type { Way } from "./way.ts";

/** How often the rest of a write travels in one piece. */
const wholeChance = 0.7;

/** What comes out of a stream. */
export interface StreamReceiver {
  /** The first thing, before all bytes: the other side knows of us. */
  onGreeting(): void;
  onBytes(bytes: Uint8Array): void;
  /** Nothing more comes. */
  onEnd(): void;
  /** The connection is gone. */
  onReset(): void;
}

type Parcel =
  & { readonly dueMs: number }
  & (
    | { readonly kind: "greeting" | "end" | "reset" }
    | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  );

/** What a stream is made of. */
export interface StreamOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** From the sender to the receiver. */
  readonly way: Way;
  /** From the receiver to the sender: there it learns that there is room. */
  readonly wayBack: Way;
  /** Most bytes that are taken and not read yet. */
  readonly bufferBytes: number;
}

/** Bytes from a sender to a receiver, in their order. */
export class VirtualStream {
  /** Set before the first parcel arrives. */
  receiver!: StreamReceiver;
  /** Told when there is room again for a sender that found none. */
  onRoom: () => void = () => {};
  readonly #options: StreamOptions;
  readonly #arrive = () => this.#takeFirst();
  readonly #tryToArrive = () => this.#options.way.pass(this.#arrive);
  #parcels: Parcel[] = [];
  #isMoving = false;
  #roomBytes: number;
  #inFlightBytes = 0;
  #isRoomWanted = false;
  #hasEnded = false;
  #isReset = false;
  #isSwallowing = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#roomBytes = options.bufferBytes;
  }

  /** Whether a reset is its last parcel. */
  get isReset(): boolean {
    return this.#isReset;
  }

  /** Bytes that were taken and have not arrived. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** How many bytes it takes now. Who is told 0 hears when there is room. */
  room(): number {
    this.#isRoomWanted = this.#roomBytes === 0;
    return this.#roomBytes;
  }

  /** The handshake's part. Sent before anything else. */
  greet(): void {
    this.#send({ kind: "greeting", dueMs: this.#drawDueMs() });
  }

  /** Takes bytes, at most as many as there is room for, and keeps them. */
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

  /** Ends the stream behind what it has taken. */
  end(): void {
    if (this.#hasEnded || this.#isReset) return;
    this.#hasEnded = true;
    this.#send({ kind: "end", dueMs: this.#drawDueMs() });
  }

  /** Loses what is on its way from some byte on, and then resets. */
  reset(): void {
    if (this.#isReset) return;
    this.cut();
    this.#isReset = true;
    this.#send({ kind: "reset", dueMs: this.#drawDueMs() });
  }

  /** The sender's machine is without power: what is not out yet is lost. */
  lose(): void {
    if (this.#options.way.isOpen) {
      this.cut();
    } else {
      this.#parcels = [];
      this.#inFlightBytes = 0;
    }
  }

  /** Loses what is on its way, and all that is sent from now on. */
  swallow(): void {
    this.#isSwallowing = true;
    this.#parcels = [];
  }

  /** Loses what is on its way from some byte on; perhaps nothing. */
  cut(): void {
    if (this.#isReset) return;
    const { random } = this.#options;
    // The end counts as a byte, as it does in TCP: it may be all that is lost.
    const endSize = this.#parcels.at(-1)?.kind === "end" ? 1 : 0;
    const keptSize = random.below(this.#inFlightBytes + endSize + 1);
    if (keptSize === this.#inFlightBytes + endSize) return;
    this.#inFlightBytes = keptSize;
    const kept: Parcel[] = [];
    let restBytes = keptSize;
    for (const parcel of this.#parcels) {
      if (parcel.kind === "end") break;
      if (parcel.kind === "bytes") {
        const bytes = parcel.bytes.subarray(0, restBytes);
        if (bytes.length > 0) kept.push({ ...parcel, bytes });
        restBytes -= bytes.length;
      } else {
        kept.push(parcel);
      }
    }
    this.#parcels = kept;
    // An end that was sent stood behind the bytes that are lost.
    this.#hasEnded = false;
  }

  /** The receiver has read so many bytes: there is room for as many again. */
  onRead(sizeBytes: number): void {
    const { wayBack } = this.#options;
    const free = () => {
      this.#roomBytes += sizeBytes;
      if (!this.#isRoomWanted) return;
      this.#isRoomWanted = false;
      this.onRoom();
    };
    // Nobody can tell when the sender heard of it unless it waits for it.
    if (this.#isRoomWanted) wayBack.travel(free);
    else wayBack.pass(free);
  }

  #drawDueMs(): number {
    const { time, way } = this.#options;
    return time.elapsedMs + way.drawDelayMs();
  }

  #send(parcel: Parcel): void {
    if (this.#isSwallowing) return;
    this.#parcels.push(parcel);
    this.#move();
  }

  /** One event for the first parcel; the others come behind it. */
  #move(): void {
    if (this.#isMoving || this.#parcels.length === 0) return;
    this.#isMoving = true;
    this.#options.time.at(this.#parcels[0].dueMs, this.#tryToArrive);
  }

  #takeFirst(): void {
    this.#isMoving = false;
    // What was to arrive may have been cut off meanwhile, and something that is
    // due later may stand in its place.
    const isDue = this.#parcels.length > 0 &&
      this.#parcels[0].dueMs <= this.#options.time.elapsedMs;
    const parcel = isDue ? this.#parcels.shift() : undefined;
    this.#move();
    if (parcel !== undefined) this.#deliver(parcel);
  }

  #deliver(parcel: Parcel): void {
    switch (parcel.kind) {
      case "greeting":
        return this.receiver.onGreeting();
      case "bytes":
        this.#inFlightBytes -= parcel.bytes.length;
        return this.receiver.onBytes(parcel.bytes);
      case "end":
        return this.receiver.onEnd();
      case "reset":
        return this.receiver.onReset();
    }
  }
}
