/**
 * The path from one host to another: its delay, and whether it is open.
 *
 * @module
 */
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";

/**
 * Packets that a closed path has held are sent again within this time after it
 * opens.
 */
const retransmissionMs = 1_000;

/** One direction through the network. */
export class Path {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #target: { readonly isPoweredOff: boolean };
  #minDelayMs: number;
  #maxDelayMs: number;
  #isBlocked = false;
  #held: (() => void)[] = [];

  constructor(
    time: VirtualTime,
    random: Random,
    target: { readonly isPoweredOff: boolean },
    [minDelayMs, maxDelayMs]: readonly [number, number],
  ) {
    this.#time = time;
    this.#random = random;
    this.#target = target;
    this.#minDelayMs = minDelayMs;
    this.#maxDelayMs = maxDelayMs;
  }

  /** Whether packets can arrive now. */
  get isOpen(): boolean {
    return !this.#isBlocked && !this.#target.isPoweredOff;
  }

  /** Longest delay of a packet, in milliseconds. */
  get maxDelayMs(): number {
    return this.#maxDelayMs;
  }

  setDelay(minDelayMs: number, maxDelayMs: number): void {
    this.#minDelayMs = minDelayMs;
    this.#maxDelayMs = maxDelayMs;
  }

  /** Draws the delay of a packet, in milliseconds. */
  drawDelayMs(): number {
    return this.#random.between(this.#minDelayMs, this.#maxDelayMs);
  }

  /** Sends a packet. */
  travel(arrive: () => void): void {
    this.#time.at(
      this.#time.elapsedMs + this.drawDelayMs(),
      () => this.pass(arrive),
    );
  }

  /** Lets a packet arrive: at once if the path is open, or some time later. */
  pass(arrive: () => void): void {
    if (this.isOpen) arrive();
    else this.#held.push(arrive);
  }

  block(): void {
    this.#isBlocked = true;
  }

  unblock(): void {
    this.#isBlocked = false;
    this.sendAgain();
  }

  /** Sends held packets again. A closed path holds them again. */
  sendAgain(): void {
    const held = this.#held;
    this.#held = [];
    for (const arrive of held) {
      this.#time.at(
        this.#time.elapsedMs + this.#random.between(0, retransmissionMs),
        () => this.pass(arrive),
      );
    }
  }
}
