/**
 * A connection between two virtual hosts: two streams of bytes and two ends.
 *
 * @module
 */
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { VirtualEnd } from "./virtual_end.ts";
import type { VirtualProcess } from "./virtual_process.ts";
import { VirtualStream } from "./virtual_stream.ts";
import type { Path } from "./path.ts";

/**
 * Time until an acceptor repeats its SYN-ACK if no ACK has arrived; each next
 * time is twice as long. This is the initial retransmission timeout of Linux.
 */
const firstRepeatMs = 1_000;

/** How often the SYN-ACK is repeated before the acceptor gives up, as in Linux. */
const maxRepeats = 5;

/** One side of a connection. */
export interface Side {
  /** The host's name. */
  readonly name: string;
  readonly process: VirtualProcess;
  /** The path to the other side. */
  readonly path: Path;
  /** Called when this side may use its end. */
  readonly onReady: (end: VirtualEnd) => void;
}

/** What `VirtualConnection` needs. */
export interface ConnectionOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly bufferBytes: number;
  readonly dialer: Side;
  readonly acceptor: Side;
  /** Called when both processes have released their ends. */
  readonly onOver: (connection: VirtualConnection) => void;
}

/** A connection, created when the dialer's first packet (SYN) has arrived. */
export class VirtualConnection {
  /** The host that dialled. */
  readonly dialer: string;
  /** The host that was dialled. */
  readonly acceptor: string;
  readonly dialerEnd: VirtualEnd;
  readonly acceptorEnd: VirtualEnd;
  readonly #toAcceptor: VirtualStream;
  readonly #toDialer: VirtualStream;
  readonly #options: ConnectionOptions;
  #isSwallowed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { acceptor, bufferBytes, dialer, onOver, random, time } = options;
    this.dialer = dialer.name;
    this.acceptor = acceptor.name;
    const common = { time, random, bufferBytes };
    this.#toAcceptor = new VirtualStream({
      ...common,
      path: dialer.path,
      returnPath: acceptor.path,
    });
    this.#toDialer = new VirtualStream({
      ...common,
      path: acceptor.path,
      returnPath: dialer.path,
    });
    const onReleased = () => {
      if (this.dialerEnd.isReleased && this.acceptorEnd.isReleased) {
        onOver(this);
      }
    };
    this.dialerEnd = new VirtualEnd({
      process: dialer.process,
      random,
      incoming: this.#toDialer,
      outgoing: this.#toAcceptor,
      onAck: (end) => {
        this.#toAcceptor.sendAck();
        dialer.onReady(end);
      },
      onReleased,
    });
    this.acceptorEnd = new VirtualEnd({
      process: acceptor.process,
      random,
      incoming: this.#toAcceptor,
      outgoing: this.#toDialer,
      onAck: acceptor.onReady,
      onReleased,
    });
    this.#toDialer.sendAck();
    this.#repeatSynAck(firstRepeatMs, maxRepeats);
  }

  /** Whether both processes hold their ends, and it was not reset. */
  get isOpen(): boolean {
    return this.dialerEnd.isOpen && this.acceptorEnd.isOpen &&
      !this.#toAcceptor.isReset && !this.#toDialer.isReset;
  }

  /** Whether it silently loses all data. */
  get isSwallowed(): boolean {
    return this.#isSwallowed;
  }

  /** Whether it is between these two hosts. */
  isBetween(one: string, other: string): boolean {
    return this.dialer === one && this.acceptor === other ||
      this.dialer === other && this.acceptor === one;
  }

  /** Both ends. */
  get ends(): readonly [VirtualEnd, VirtualEnd] {
    return [this.dialerEnd, this.acceptorEnd];
  }

  /**
   * Resets both ends, like a middlebox that has lost its state. Data under way is
   * cut at a random byte, often in the middle of a line.
   */
  cut(): void {
    this.#toAcceptor.reset();
    this.#toDialer.reset();
  }

  /**
   * Loses all data from now on, and sends no reset, like a middlebox that has
   * lost its state and drops packets.
   */
  swallow(): void {
    this.#isSwallowed = true;
    this.#toAcceptor.swallow();
    this.#toDialer.swallow();
  }

  /**
   * Repeats the acceptor's SYN-ACK until the dialer's ACK has arrived. Without
   * this, the acceptor would wait for ever for a dialer that received the SYN-ACK
   * and lost power before it sent its ACK.
   */
  #repeatSynAck(waitMs: number, repeats: number): void {
    const { acceptor, dialer, time } = this.#options;
    time.at(time.elapsedMs + waitMs, () => {
      if (!this.acceptorEnd.isWaiting) return;
      if (repeats === 0) return this.acceptorEnd.giveUp();
      acceptor.path.travel(() => {
        // If the dialer's kernel has the connection, its ACK is under way.
        if (!this.dialerEnd.isReleased) return;
        dialer.path.travel(() => this.acceptorEnd.onReset());
      });
      this.#repeatSynAck(2 * waitMs, repeats - 1);
    });
  }
}
