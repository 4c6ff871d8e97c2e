/**
 * Those who look at something as it happens, without having a part in it.
 *
 * @module
 */

/** Looks at what happened. Must return at once, and must not throw. */
export type Watch<Value> = (value: Value) => void;

/** Everybody who looks at one thing. */
export class Watchers<Value> {
  readonly #watchers = new Set<Watch<Value>>();

  /** How many there are. */
  get count(): number {
    return this.#watchers.size;
  }

  /** Lets somebody look until the returned function is called. */
  add(watch: Watch<Value>): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /** Shows everybody what has happened. */
  show(value: Value): void {
    for (const watch of this.#watchers) watch(value);
  }
}
