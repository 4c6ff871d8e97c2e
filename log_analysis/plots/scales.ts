/**
 * Maps numbers to coordinates in a plot.
 *
 * @module
 */

/** Maps numbers to coordinates, and lists the numbers for ticks. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The coordinates at which an axis begins and ends. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** 1, 2 or 5 times a power of ten. */
const steps = (power: number) => [1, 2, 5].map((step) => step * 10 ** power);

/**
 * A linear scale from zero to a round number at or above the greatest value.
 */
export function linearScale(greatest: number, { from, to }: Span): Scale {
  const maximum = greatest > 0 ? greatest : 1;
  const power = Math.floor(Math.log10(maximum));
  // At most five steps, and the axis ends on one.
  const step = [...steps(power - 1), ...steps(power)]
    .find((step) => maximum / step <= 5)!;
  const count = Math.ceil(maximum / step - 1e-9);
  return {
    at: (value) => from + (to - from) * value / (count * step),
    ticks: Array.from(
      { length: count + 1 },
      // Avoids 0.30000000000000004.
      (_, index) => Number((index * step).toPrecision(12)),
    ),
  };
}

/**
 * A logarithmic scale for positive values. Both ends are 1, 2 or 5 times a
 * power of ten.
 */
export function logScale(
  values: readonly number[],
  { from, to }: Span,
): Scale {
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  const lowest = Math.floor(Math.log10(least));
  const highest = Math.ceil(Math.log10(greatest));
  const marks = Array.from(
    { length: highest - lowest + 1 },
    (_, index) => steps(lowest + index),
  ).flat();
  const first = marks.findLast((mark) => mark <= least * (1 + 1e-9))!;
  // The axis has a length even if all values are equal.
  const last = marks.find((mark) =>
    mark >= greatest * (1 - 1e-9) && mark > first
  )!;
  const within = marks.filter((mark) => mark >= first && mark <= last);
  const decades = within.filter((mark) => Number.isInteger(powerOf(mark)));
  const length = Math.log(last / first);
  return {
    at: (value) => from + (to - from) * Math.log(value / first) / length,
    ticks: within.length <= 8 || decades.length < 2 ? within : decades,
  };
}

/** Rounded, because the computed logarithm of 0.001 is not a whole number. */
const powerOf = (value: number) => Number(Math.log10(value).toFixed(9));
