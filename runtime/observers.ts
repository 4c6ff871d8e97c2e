/**
 * Observers.
 *
 * @module
 */

/** Is called with each new value. Must return at once, and must not throw. */
export type Observer<Value> = (value: Value) => void;

/** The observers of one kind of value. */
export class Observers<Value> {
  readonly #observers = new Set<Observer<Value>>();

  /** How many observers there are. */
  get count(): number {
    return this.#observers.size;
  }

  /** Adds an observer. The returned function removes it. */
  add(observer: Observer<Value>): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Calls all observers. */
  notify(value: Value): void {
    for (const observer of this.#observers) observer(value);
  }
}
