/**
 * Whether a server is ready for clients: it has dialled each neighbour, is
 * linked with one, and has caught up with all linked ones. A ready server stays
 * ready until it has no linked neighbour.
 *
 * @module
 */

/** The state of a neighbour. */
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

  /** To be called when every neighbour was dialled once. */
  onDialled(states: readonly NeighbourState[]): void {
    this.#hasDialled = true;
    this.update(states);
  }

  /** To be called at each change. */
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

  /** Why the server is not ready; undefined if it is. */
  get fault(): string | undefined {
    return this.#isReady ? undefined : this.#reason;
  }
}
