/**
 * Those who look at something as it happens, without having a part in it.
 *
 * @module
 */

/** Looks at what happened. Must return at once, and must not throw. */
export type Observer<Value> = (value: Value) => void;

/** Everybody who looks at one thing. */
export class Observers<Value> {
  readonly #observers = new Set<Observer<Value>>();

  /** How many there are. */
  get count(): number {
    return this.#observers.size;
  }

  /** Lets somebody look until the returned function is called. */
  add(observer: Observer<Value>): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Shows everybody what has happened. */
  notify(value: Value): void {
    for (const observer of this.#observers) observer(value);
  }
}
