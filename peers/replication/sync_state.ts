/**
 * How a server finds out that it has caught up with a neighbour: that all which
 * the neighbour knew when they were linked has come over.
 *
 * In a comparison silence means that there is no difference, so nobody can tell
 * that it is over by listening. So a server asks (SYNC) when it has no question
 * of the comparison left to ask, and the neighbour answers (SYNCED) when it has
 * said all that it had to say. If no message of the comparison came in between,
 * there was none left on the way either, and the comparison is over. Otherwise
 * the server asks again.
 *
 * @module
 */

/** One side of it, on one connection. */
export class SyncState {
  #state: "to ask" | "asked" | "asked too early" | "caught up" = "to ask";

  /** There is a new connection: what was asked on the last one is void. */
  reset(): void {
    this.#state = "to ask";
  }

  /** Whether SYNC is to be sent as soon as no question is left. */
  get shouldAsk(): boolean {
    return this.#state === "to ask";
  }

  /** Whether all that the neighbour knew has come over. */
  get hasCaughtUp(): boolean {
    return this.#state === "caught up";
  }

  /** SYNC is on its way. */
  onSent(): void {
    this.#state = "asked";
  }

  /** The neighbour goes on with the comparison: it is not over yet. */
  onComparison(): void {
    if (this.#state === "asked") this.#state = "asked too early";
  }

  /** The neighbour has said SYNCED. */
  onAnswer(): void {
    if (this.#state === "asked") this.#state = "caught up";
    if (this.#state === "asked too early") this.#state = "to ask";
  }
}
