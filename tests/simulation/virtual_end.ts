/**
 * One end of a virtual connection: the kernel's state, and the `Transport` of a
 * process. Results and errors of reads and writes are those that were observed
 * with Deno 2.9.6 on Linux.
 *
 * @module
 */
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { Held, VirtualProcess } from "./virtual_process.ts";
import type { StreamReceiver, VirtualStream } from "./virtual_stream.ts";

/** Probability that a read or a write takes only a part of the bytes. */
const partChance = 0.1;

/** Probability that a reset destroys received bytes that were not read. */
const destroyChance = 0.5;

/** Probability that a connection of a killed process ends with a reset. */
const crashResetChance = 0.5;

/** What `VirtualEnd` needs. */
export interface EndOptions {
  /** The process that holds it. */
  readonly process: VirtualProcess;
  readonly random: Random;
  readonly incoming: VirtualStream;
  readonly outgoing: VirtualStream;
  /** Called when the connection is established and may be used. */
  readonly onAck: (end: VirtualEnd) => void;
  /** Called when the process has released it. */
  readonly onReleased: () => void;
}

/** A pending operation of a process. */
interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** One end of a connection. */
export class VirtualEnd implements Transport, StreamReceiver, Held {
  readonly #options: EndOptions;
  #isEstablished = false;
  /** The process has closed it, was killed, or has never received it. */
  #isReleased = false;
  /** A reset was received or sent: later packets are ignored. */
  #isReset = false;
  /** The kernel has lost it: each later packet is answered by a reset. */
  #isLost = false;
  /** The error of a received reset, until one operation has thrown it. */
  #fault: Error | undefined;
  #received: Uint8Array[] = [];
  #unreadBytes = 0;
  #hasInputEnded = false;
  #hasOutputEnded = false;
  #reading:
    | (Waiting<number | null> & { readonly target: Uint8Array })
    | undefined;
  #writing: (Waiting<number> & { readonly bytes: Uint8Array }) | undefined;
  #endings: Waiting<void>[] = [];

  constructor(options: EndOptions) {
    const { incoming, outgoing, process } = options;
    this.#options = options;
    incoming.receiver = this;
    outgoing.onRoom = () => process.run(() => this.#tryWrite());
    process.holds.add(this);
  }

  /** Whether it is established and the process has not released it. */
  get isOpen(): boolean {
    return this.#isEstablished && !this.#isReleased;
  }

  /** Whether it waits to be established. */
  get isWaiting(): boolean {
    return !this.#isEstablished && !this.#isReleased;
  }

  /** Whether the process has released it. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** The number of received bytes that were not read yet. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** The number of written bytes that have not arrived at the other end. */
  get inFlightBytes(): number {
    return this.#options.outgoing.inFlightBytes;
  }

  read(target: Uint8Array): Promise<number | null> {
    return this.#start((waiting: Waiting<number | null>) => {
      if (target.length === 0) return waiting.resolve(0);
      if (this.#reading !== undefined) throw new Error("two reads at once");
      this.#reading = { ...waiting, target };
      this.#wakeReader();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#start((waiting: Waiting<number>) => {
      if (bytes.length === 0) return waiting.resolve(0);
      // A real connection may take a part of each, and mix them.
      if (this.#writing !== undefined) throw new Error("two writes at once");
      this.#writing = { ...waiting, bytes };
      this.#options.process.run(() => this.#tryWrite());
    });
  }

  closeWrite(): Promise<void> {
    return this.#start((waiting: Waiting<void>) => {
      this.#endings.push(waiting);
      this.#options.process.run(() => this.#tryEnd());
    });
  }

  close(): void {
    const { outgoing, process } = this.#options;
    if (!process.isAlive) return;
    if (this.#isReleased) throw closedError();
    const waiting = [this.#reading, this.#writing, ...this.#endings];
    const unreadBytes = this.#unreadBytes;
    this.#release();
    process.holds.delete(this);
    for (const each of waiting) {
      each?.reject(new Deno.errors.Interrupted("operation canceled"));
    }
    if (this.#isReset) return;
    // Deno ends its side first, even if a reset follows at once. The other side
    // may read the end, and never receive the reset.
    outgoing.end();
    if (unreadBytes > 0) this.#reset();
  }

  /** Closes it if the process that dialled has cancelled. */
  giveUp(): void {
    if (this.#isReleased) return;
    if (this.#isEstablished) return this.close();
    this.#release();
    this.#options.process.holds.delete(this);
  }

  /** Resets a connection to a port that was closed meanwhile. */
  refuse(): void {
    this.#release();
    this.#options.process.holds.delete(this);
    this.#reset();
  }

  abandon(powerLoss: boolean): void {
    const { outgoing, random } = this.#options;
    const mustReset = this.#unreadBytes > 0 || random.chance(crashResetChance);
    this.#release();
    this.#isLost = powerLoss;
    if (this.#isReset) return;
    if (powerLoss) {
      outgoing.lose();
    } else if (mustReset) {
      this.#reset();
    } else {
      outgoing.cut();
      outgoing.end();
    }
  }

  onAck(): void {
    if (this.#isReleased) return this.#reset();
    this.#isEstablished = true;
    this.#options.onAck(this);
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isReset) return;
    if (this.#isReleased) return this.#reset();
    this.#received.push(bytes);
    this.#unreadBytes += bytes.length;
    this.#wakeReader();
  }

  onEnd(): void {
    if (this.#isReset) return;
    if (this.#isLost) return this.#reset();
    this.#hasInputEnded = true;
    this.#wakeReader();
  }

  onReset(): void {
    if (this.#isReset) return;
    const { process, random } = this.#options;
    this.#isReset = true;
    // The dialer gave up before its ACK arrived.
    if (!this.#isEstablished) return this.giveUp();
    if (this.#unreadBytes > 0 && random.chance(destroyChance)) {
      this.#dropUnread();
      this.#hasInputEnded = false;
    }
    if (!this.#hasInputEnded) {
      this.#fault = new Deno.errors.ConnectionReset("Connection reset by peer");
    }
    this.#wakeReader();
    process.run(() => this.#tryWrite());
  }

  /** Starts an operation of the process. It never ends for a killed process. */
  #start<Result>(
    begin: (waiting: Waiting<Result>) => void,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!this.#options.process.isAlive) return;
      if (this.#isReleased) throw closedError();
      begin({ resolve, reject });
    });
  }

  #wakeReader(): void {
    if (this.#reading === undefined) return;
    this.#options.process.run(() => this.#tryRead());
  }

  #tryRead(): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    if (this.#unreadBytes > 0) {
      this.#reading = undefined;
      reading.resolve(this.#takeReceived(reading.target));
    } else if (!this.#hasInputEnded && this.#fault !== undefined) {
      this.#reading = undefined;
      reading.reject(this.#takeFault());
    } else if (this.#hasInputEnded || this.#isReset) {
      this.#reading = undefined;
      reading.resolve(null);
    }
  }

  #takeReceived(target: Uint8Array): number {
    const { incoming, random } = this.#options;
    const maxBytes = Math.min(target.length, this.#unreadBytes);
    const takenBytes = partOf(maxBytes, random);
    let filledBytes = 0;
    while (filledBytes < takenBytes) {
      const first = this.#received[0];
      const part = first.subarray(0, takenBytes - filledBytes);
      target.set(part, filledBytes);
      filledBytes += part.length;
      if (part.length === first.length) this.#received.shift();
      else this.#received[0] = first.subarray(part.length);
    }
    this.#unreadBytes -= takenBytes;
    incoming.onRead(takenBytes);
    return takenBytes;
  }

  #tryWrite(): void {
    const writing = this.#writing;
    if (writing === undefined) return;
    if (this.#hasOutputEnded || this.#isReset) {
      this.#writing = undefined;
      writing.reject(this.#takeFault() ?? brokenPipe());
    } else {
      const { outgoing, random } = this.#options;
      const maxBytes = Math.min(outgoing.room(), writing.bytes.length);
      if (maxBytes === 0) return;
      this.#writing = undefined;
      const takenBytes = partOf(maxBytes, random);
      // A copy: the process may use its buffer again.
      const { buffer, byteOffset } = writing.bytes;
      outgoing.sendBytes(
        new Uint8Array(buffer, byteOffset, takenBytes).slice(),
      );
      writing.resolve(takenBytes);
    }
    this.#tryEnd();
  }

  /** Ends the output, if no write is pending. */
  #tryEnd(): void {
    if (this.#endings.length === 0 || this.#writing !== undefined) return;
    const endings = this.#endings;
    this.#endings = [];
    this.#hasOutputEnded = true;
    this.#options.outgoing.end();
    for (const { resolve } of endings) resolve();
  }

  #takeFault(): Error | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  #reset(): void {
    if (this.#isReset) return;
    this.#isReset = true;
    this.#options.outgoing.reset();
  }

  /** Releases it: pending operations never end. */
  #release(): void {
    this.#isReleased = true;
    this.#reading = undefined;
    this.#writing = undefined;
    this.#endings = [];
    this.#dropUnread();
    this.#options.onReleased();
  }

  #dropUnread(): void {
    this.#received = [];
    this.#unreadBytes = 0;
  }
}

/** Usually all bytes, sometimes fewer, at least one. */
function partOf(sizeBytes: number, random: Random): number {
  return random.chance(partChance) ? 1 + random.below(sizeBytes) : sizeBytes;
}

function closedError(): Error {
  return new Deno.errors.BadResource("Bad resource ID");
}

function brokenPipe(): Error {
  return new Deno.errors.BrokenPipe("Broken pipe");
}
