/**
 * The way from one host to another: how long it takes, and whether anything
 * arrives at all.
 *
 * @module
 */
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";

/**
 * What got stuck is sent again some time after the way is open, at the latest
 * after so many milliseconds.
 */
const retransmissionMs = 1_000;

/** One way through the network. The way back is another one. */
export class Way {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #target: { readonly isPoweredOff: boolean };
  #minDelayMs: number;
  #maxDelayMs: number;
  #isBlocked = false;
  #stuck: (() => void)[] = [];

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

  /** Whether something that is there now arrives. */
  get isOpen(): boolean {
    return !this.#isBlocked && !this.#target.isPoweredOff;
  }

  setDelay(minDelayMs: number, maxDelayMs: number): void {
    this.#minDelayMs = minDelayMs;
    this.#maxDelayMs = maxDelayMs;
  }

  /** How long the next thing takes. */
  drawDelayMs(): number {
    return this.#random.between(this.#minDelayMs, this.#maxDelayMs);
  }

  /** Sends something on its way. */
  travel(arrive: () => void): void {
    this.#time.at(
      this.#time.elapsedMs + this.drawDelayMs(),
      () => this.pass(arrive),
    );
  }

  /** The last step of the way: at once if it is open, or some time later. */
  pass(arrive: () => void): void {
    if (this.isOpen) arrive();
    else this.#stuck.push(arrive);
  }

  block(): void {
    this.#isBlocked = true;
  }

  unblock(): void {
    this.#isBlocked = false;
    this.sendAgain();
  }

  /** Sends again what got stuck. It gets stuck again if the way is closed. */
  sendAgain(): void {
    const stuck = this.#stuck;
    this.#stuck = [];
    for (const arrive of stuck) {
      this.#time.at(
        this.#time.elapsedMs + this.#random.between(0, retransmissionMs),
        () => this.pass(arrive),
      );
    }
  }
}
