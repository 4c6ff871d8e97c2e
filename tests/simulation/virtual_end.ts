/**
 * One end of a virtual connection: the kernel's part of it, and the Transport
 * that a process holds. What is read, written and thrown when is what Deno
 * 2.9.6 was seen to do on Linux.
 *
 * @module
 */
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { Held, VirtualProcess } from "./virtual_process.ts";
import type { StreamReceiver, VirtualStream } from "./virtual_stream.ts";

/** How often a read or a write takes less than it could. */
const partChance = 0.1;

/** How often a reset destroys what came before it and was not read yet. */
const destroyChance = 0.5;

/** How often a killed process's connection ends with a reset. */
const crashResetChance = 0.5;

/** What an end is made of. */
export interface EndOptions {
  /** The process that holds it. */
  readonly process: VirtualProcess;
  readonly random: Random;
  readonly incoming: VirtualStream;
  readonly outgoing: VirtualStream;
  /** The other side knows of the connection: it may be used from now on. */
  readonly onGreeting: (end: VirtualEnd) => void;
  /** The process holds it no more. */
  readonly onReleased: () => void;
}

/** Something that a process waits for. */
interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** One end of a connection. */
export class VirtualEnd implements Transport, StreamReceiver, Held {
  readonly #options: EndOptions;
  #isGreeted = false;
  /** The process closed it, was killed, or never came to know of it. */
  #isReleased = false;
  /** A reset came or was sent: nothing that comes now means anything. */
  #isGone = false;
  /** The kernel has forgotten it: whatever comes now is answered by a reset. */
  #isForgotten = false;
  /** A reset that came, until somebody was told. The next ones hear less. */
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

  /** Whether the other side knows of it, and no process has let go of it. */
  get isOpen(): boolean {
    return this.#isGreeted && !this.#isReleased;
  }

  /** Whether it has yet to hear that the other side knows of it. */
  get isWaiting(): boolean {
    return !this.#isGreeted && !this.#isReleased;
  }

  /** Whether its process holds it no more. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Bytes that came in and were not read yet. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** Bytes that were written and have not come in at the other end. */
  get inFlightBytes(): number {
    return this.#options.outgoing.inFlightBytes;
  }

  read(target: Uint8Array): Promise<number | null> {
    return this.#ask((waiting: Waiting<number | null>) => {
      if (target.length === 0) return waiting.resolve(0);
      if (this.#reading !== undefined) throw new Error("two reads at once");
      this.#reading = { ...waiting, target };
      this.#wakeReader();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#ask((waiting: Waiting<number>) => {
      if (bytes.length === 0) return waiting.resolve(0);
      // A real connection may take a part of each, and mix them up.
      if (this.#writing !== undefined) throw new Error("two writes at once");
      this.#writing = { ...waiting, bytes };
      this.#options.process.run(() => this.#tryWrite());
    });
  }

  closeWrite(): Promise<void> {
    return this.#ask((waiting: Waiting<void>) => {
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
    if (this.#isGone) return;
    // Deno ends its side first, even if a reset follows at once: so the other
    // side may see a good end before it, and never hear of the reset.
    outgoing.end();
    if (unreadBytes > 0) this.#reset();
  }

  /** The process that dialled does not want it any more. */
  giveUp(): void {
    if (this.#isReleased) return;
    if (this.#isGreeted) return this.close();
    this.#release();
    this.#options.process.holds.delete(this);
  }

  /** Nobody takes a connection that came in: the port is closed. */
  refuse(): void {
    this.#release();
    this.#options.process.holds.delete(this);
    this.#reset();
  }

  abandon(powerLoss: boolean): void {
    const { outgoing, random } = this.#options;
    const mustReset = this.#unreadBytes > 0 || random.chance(crashResetChance);
    this.#release();
    this.#isForgotten = powerLoss;
    if (this.#isGone) return;
    if (powerLoss) {
      outgoing.lose();
    } else if (mustReset) {
      this.#reset();
    } else {
      outgoing.cut();
      outgoing.end();
    }
  }

  onGreeting(): void {
    if (this.#isReleased) return this.#reset();
    this.#isGreeted = true;
    this.#options.onGreeting(this);
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isGone) return;
    if (this.#isReleased) return this.#reset();
    this.#received.push(bytes);
    this.#unreadBytes += bytes.length;
    this.#wakeReader();
  }

  onEnd(): void {
    if (this.#isGone) return;
    if (this.#isForgotten) return this.#reset();
    this.#hasInputEnded = true;
    this.#wakeReader();
  }

  onReset(): void {
    if (this.#isGone) return;
    const { process, random } = this.#options;
    this.#isGone = true;
    // The dialler gave up before we had heard of it.
    if (!this.#isGreeted) return this.giveUp();
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

  /** What a process asks for. One that is dead never hears an answer. */
  #ask<Result>(
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
    } else if (this.#hasInputEnded || this.#isGone) {
      this.#reading = undefined;
      reading.resolve(null);
    }
  }

  #takeReceived(target: Uint8Array): number {
    const { incoming, random } = this.#options;
    const mostBytes = Math.min(target.length, this.#unreadBytes);
    const takenBytes = partOf(mostBytes, random);
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
    if (this.#hasOutputEnded || this.#isGone) {
      this.#writing = undefined;
      writing.reject(this.#takeFault() ?? brokenPipe());
    } else {
      const { outgoing, random } = this.#options;
      const mostBytes = Math.min(outgoing.room(), writing.bytes.length);
      if (mostBytes === 0) return;
      this.#writing = undefined;
      const takenBytes = partOf(mostBytes, random);
      // A copy: the process may use its buffer again.
      const { buffer, byteOffset } = writing.bytes;
      outgoing.sendBytes(
        new Uint8Array(buffer, byteOffset, takenBytes).slice(),
      );
      writing.resolve(takenBytes);
    }
    this.#tryEnd();
  }

  /** Ends the output, but not while something is being written. */
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
    if (this.#isGone) return;
    this.#isGone = true;
    this.#options.outgoing.reset();
  }

  /** The process lets go: what it waits for is forgotten. */
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

/** Mostly all of it, sometimes less; at least one. */
function partOf(sizeBytes: number, random: Random): number {
  return random.chance(partChance) ? 1 + random.below(sizeBytes) : sizeBytes;
}

function closedError(): Error {
  return new Deno.errors.BadResource("Bad resource ID");
}

function brokenPipe(): Error {
  return new Deno.errors.BrokenPipe("Broken pipe");
}
