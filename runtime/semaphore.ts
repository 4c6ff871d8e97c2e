/**
 * Turns at asking questions, of which all clients together have so many. Who
 * waits for one gets it in the order of coming, one at a time, so that a client
 * with many questions does not keep others from theirs.
 *
 * @module
 */

/** Who asks questions. */
export interface Asker {
  /** There may be a turn: asks what was held, as far as it may. */
  askHeld(): void;
}

/** The turns of one server. */
export class QuestionTurns {
  #free: number;
  /** In the order of coming. */
  readonly #waiting = new Set<Asker>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a turn. False if there is none: then `askHeld` is called later. */
  take(asker: Asker): boolean {
    if (this.#free === 0) {
      this.#waiting.add(asker);
      return false;
    }
    this.#free -= 1;
    return true;
  }

  /** Gives a turn back, and lets those who wait have it. */
  release(): void {
    this.#free += 1;
    for (const asker of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(asker);
      asker.askHeld();
    }
  }
}
