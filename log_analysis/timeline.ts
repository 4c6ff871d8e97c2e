/**
 * Something that is summed up for each stretch of time. The stretches get longer
 * as there are more of them, so that a long log takes no more memory.
 *
 * @module
 */

/** The first stretch has an eighth of a second, in microseconds. */
const leastWidthUs = 125_000;

/** With more stretches than this, each two become one. */
const maxStretches = 400;

/** One stretch of time. */
export interface Stretch<Sum> {
  readonly fromUs: number;
  readonly toUs: number;
  readonly sum: Sum;
}

/** Sums by time. */
export class Timeline<Sum> {
  readonly #create: () => Sum;
  readonly #join: (into: Sum, other: Sum) => Sum;
  #sums = new Map<number, Sum>();
  #widthUs = leastWidthUs;

  /** @param join Adds the second sum to the first, and returns that. */
  constructor(create: () => Sum, join: (into: Sum, other: Sum) => Sum) {
    this.#create = create;
    this.#join = join;
  }

  /** The length of each stretch, in microseconds. */
  get widthUs(): number {
    return this.#widthUs;
  }

  /** Changes the sum of the stretch that a time falls into. */
  add(timeUs: number, change: (sum: Sum) => Sum): void {
    const index = Math.floor(timeUs / this.#widthUs);
    const sum = this.#sums.get(index) ?? this.#create();
    this.#sums.set(index, change(sum));
    while (this.#sums.size > maxStretches) this.#widen();
  }

  /** Adds all that another one has. */
  addAll(other: Timeline<Sum>): void {
    this.widenTo(other.#widthUs);
    for (const [index, sum] of other.#sums) {
      const middleUs = (index + 0.5) * other.#widthUs;
      this.add(middleUs, (own) => this.#join(own, sum));
    }
  }

  /** Makes the stretches at least as long as this. */
  widenTo(widthUs: number): void {
    while (this.#widthUs < widthUs) this.#widen();
  }

  /** Those in which there was anything, in their order. */
  stretches(): Stretch<Sum>[] {
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

/** Counts things by time. */
export function countingTimeline(): Timeline<number> {
  return new Timeline<number>(() => 0, (sum, other) => sum + other);
}
