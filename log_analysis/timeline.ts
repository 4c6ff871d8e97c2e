/**
 * Sums values for intervals of time. The intervals are widened when there are
 * too many, so that a long log takes no more memory.
 *
 * @module
 */

/** Initial length of an interval, in microseconds: an eighth of a second. */
const initialWidthUs = 125_000;

/** With more intervals than this, each two are joined. */
const maxIntervals = 400;

/** One interval of time and its sum. */
export interface TimelineInterval<Sum> {
  readonly fromUs: number;
  readonly toUs: number;
  readonly sum: Sum;
}

/** Sums values by time. */
export class Timeline<Sum> {
  readonly #create: () => Sum;
  readonly #join: (into: Sum, other: Sum) => Sum;
  #sums = new Map<number, Sum>();
  #widthUs = initialWidthUs;

  /** @param join Adds the second sum to the first, and returns that. */
  constructor(create: () => Sum, join: (into: Sum, other: Sum) => Sum) {
    this.#create = create;
    this.#join = join;
  }

  /** The length of each interval, in microseconds. */
  get widthUs(): number {
    return this.#widthUs;
  }

  /** Changes the sum of the interval that contains a time. */
  add(timeUs: number, change: (sum: Sum) => Sum): void {
    const index = Math.floor(timeUs / this.#widthUs);
    const sum = this.#sums.get(index) ?? this.#create();
    this.#sums.set(index, change(sum));
    while (this.#sums.size > maxIntervals) this.#widen();
  }

  /** Adds the sums of another timeline. */
  addAll(other: Timeline<Sum>): void {
    this.widenTo(other.#widthUs);
    for (const [index, sum] of other.#sums) {
      const middleUs = (index + 0.5) * other.#widthUs;
      this.add(middleUs, (own) => this.#join(own, sum));
    }
  }

  /** Makes the intervals at least this long. */
  widenTo(widthUs: number): void {
    while (this.#widthUs < widthUs) this.#widen();
  }

  /** The intervals with a sum, in order. */
  intervals(): TimelineInterval<Sum>[] {
    return [...this.#sums].sort(([a], [b]) => a - b).map(([index, sum]) => ({
      fromUs: index * this.#widthUs,
      toUs: (index + 1) * this.#widthUs,
      sum,
    }));
  }

  #widen(): void {
    const narrow = this.#sums;
    this.#sums = new Map();
    this.#widthUs *= 2;
    for (const [index, sum] of narrow) {
      const wide = Math.floor(index / 2);
      const own = this.#sums.get(wide) ?? this.#create();
      this.#sums.set(wide, this.#join(own, sum));
    }
  }
}

/** A timeline that counts. */
export function countingTimeline(): Timeline<number> {
  return new Timeline<number>(() => 0, (sum, other) => sum + other);
}
