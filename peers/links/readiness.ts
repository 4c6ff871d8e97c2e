/**
 * Whether a server should be sent clients: it has met its neighbours and knows
 * what they know. Once it is ready, neighbours that come and go do not matter,
 * until it is left without any.
 *
 * @module
 */

/** How it stands with a neighbour, as far as readiness goes. */
export interface NeighbourState {
  readonly neighbour: string;
  readonly isUp: boolean;
  readonly isCaughtUp: boolean;
}

/** One server's readiness. */
export class Readiness {
  #hasDialled = false;
  #isReady = false;
  #reason = "it has not dialled its neighbours yet";

  /** Every neighbour was dialled once. */
  onDialled(states: readonly NeighbourState[]): void {
    this.#hasDialled = true;
    this.update(states);
  }

  /** Something has changed: to be called each time that it does. */
  update(states: readonly NeighbourState[]): void {
    if (!this.#hasDialled) return;
    const linked = states.filter(({ isUp }) => isUp);
    const behind = linked.filter(({ isCaughtUp }) => !isCaughtUp);
    if (states.length > 0 && linked.length === 0) {
      this.#isReady = false;
      this.#reason = "no neighbour is linked";
    } else if (behind.length === 0) {
      this.#isReady = true;
    } else if (!this.#isReady) {
      const names = behind.map(({ neighbour }) => neighbour).join(", ");
      this.#reason = `it has not caught up with ${names} yet`;
    }
  }

  /** Why it is not ready; undefined if it is. */
  get fault(): string | undefined {
    return this.#isReady ? undefined : this.#reason;
  }
}
