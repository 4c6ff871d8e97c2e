/**
 * A connection between two virtual hosts: two streams of bytes, and an end on
 * each side.
 *
 * @module
 */
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { VirtualEnd } from "./virtual_end.ts";
import type { VirtualProcess } from "./virtual_process.ts";
import { VirtualStream } from "./virtual_stream.ts";
import type { Way } from "./way.ts";

/**
 * An acceptor that has not heard that the dialler knows of the connection
 * repeats its answer after so many milliseconds, then after twice as many, and
 * so on: Linux's initial retransmission time-out.
 */
const firstRepeatMs = 1_000;

/** So often it repeats its answer, and then gives up: Linux's default. */
const mostRepeats = 5;

/** One side of a connection that is being made. */
export interface Side {
  /** The host's name. */
  readonly name: string;
  readonly process: VirtualProcess;
  /** From here to the other side. */
  readonly way: Way;
  /** This side may use its end from now on. */
  readonly onReady: (end: VirtualEnd) => void;
}

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly bufferBytes: number;
  readonly dialler: Side;
  readonly acceptor: Side;
  /** Neither process holds its end any more. */
  readonly onOver: (connection: VirtualConnection) => void;
}

/** A connection. It is made when the dialler's first packet has come in. */
export class VirtualConnection {
  /** The host that dialled. */
  readonly dialler: string;
  /** The host that was dialled. */
  readonly acceptor: string;
  readonly diallerEnd: VirtualEnd;
  readonly acceptorEnd: VirtualEnd;
  readonly #there: VirtualStream;
  readonly #back: VirtualStream;
  readonly #options: ConnectionOptions;
  #isSwallowed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { acceptor, bufferBytes, dialler, onOver, random, time } = options;
    this.dialler = dialler.name;
    this.acceptor = acceptor.name;
    const common = { time, random, bufferBytes };
    this.#there = new VirtualStream({
      ...common,
      way: dialler.way,
      wayBack: acceptor.way,
    });
    this.#back = new VirtualStream({
      ...common,
      way: acceptor.way,
      wayBack: dialler.way,
    });
    const onReleased = () => {
      if (this.diallerEnd.isReleased && this.acceptorEnd.isReleased) {
        onOver(this);
      }
    };
    this.diallerEnd = new VirtualEnd({
      process: dialler.process,
      random,
      incoming: this.#back,
      outgoing: this.#there,
      onGreeting: (end) => {
        this.#there.greet();
        dialler.onReady(end);
      },
      onReleased,
    });
    this.acceptorEnd = new VirtualEnd({
      process: acceptor.process,
      random,
      incoming: this.#there,
      outgoing: this.#back,
      onGreeting: acceptor.onReady,
      onReleased,
    });
    this.#back.greet();
    this.#repeatGreeting(firstRepeatMs, mostRepeats);
  }

  /** Whether both processes hold their ends, and nothing has reset it. */
  get isOpen(): boolean {
    return this.diallerEnd.isOpen && this.acceptorEnd.isOpen &&
      !this.#there.isReset && !this.#back.isReset;
  }

  /** Whether nothing arrives on it any more, and nobody is told. */
  get isSwallowed(): boolean {
    return this.#isSwallowed;
  }

  /** Whether one of the two hosts has dialled the other. */
  isBetween(one: string, other: string): boolean {
    return this.dialler === one && this.acceptor === other ||
      this.dialler === other && this.acceptor === one;
  }

  /** Both ends. */
  get ends(): readonly [VirtualEnd, VirtualEnd] {
    return [this.diallerEnd, this.acceptorEnd];
  }

  /**
   * Resets both ends, as a box in the middle does that has lost its memory.
   * What is on its way is cut off anywhere, in the middle of a line if you are
   * lucky.
   */
  cut(): void {
    this.#there.reset();
    this.#back.reset();
  }

  /**
   * Nothing arrives any more on this connection, and nobody is told: so does a
   * box in the middle that has lost its memory and says nothing.
   */
  swallow(): void {
    this.#isSwallowed = true;
    this.#there.swallow();
    this.#back.swallow();
  }

  /**
   * Repeats the acceptor's answer (SYN-ACK) until the dialler's (ACK) has come.
   * Without it, an acceptor would wait for ever for a dialler that heard the
   * answer and lost power before its own was out.
   */
  #repeatGreeting(waitMs: number, repeats: number): void {
    const { acceptor, dialler, time } = this.#options;
    time.at(time.elapsedMs + waitMs, () => {
      if (!this.acceptorEnd.isWaiting) return;
      if (repeats === 0) return this.acceptorEnd.giveUp();
      acceptor.way.travel(() => {
        // An answer that the dialler's kernel still has to send is on its way.
        if (!this.diallerEnd.isReleased) return;
        dialler.way.travel(() => this.acceptorEnd.onReset());
      });
      this.#repeatGreeting(2 * waitMs, repeats - 1);
    });
  }
}
