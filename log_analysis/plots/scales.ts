/**
 * From numbers to places in a plot.
 *
 * @module
 */

/** A place for every number, and the numbers that are worth a mark. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Where the axis begins and ends, in the plot. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** 1, 2 or 5 times a power of ten. */
const steps = (power: number) => [1, 2, 5].map((step) => step * 10 ** power);

/** From zero to a round number at or above the greatest value. */
export function linearScale(greatest: number, { from, to }: Span): Scale {
  const most = greatest > 0 ? greatest : 1;
  const power = Math.floor(Math.log10(most));
  // At most five steps, and the axis ends on one.
  const step = [...steps(power - 1), ...steps(power)]
    .find((step) => most / step <= 5)!;
  const count = Math.ceil(most / step - 1e-9);
  return {
    at: (value) => from + (to - from) * value / (count * step),
    ticks: Array.from(
      { length: count + 1 },
      // Not 0.30000000000000004.
      (_, index) => Number((index * step).toPrecision(12)),
    ),
  };
}

/**
 * A logarithmic scale around positive values, from one of 1, 2, 5, 10, ... to
 * another one.
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
  // The axis has a length even if all values are the same.
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

/** Rounded, because the logarithm of 0.001 is not quite a whole number. */
const powerOf = (value: number) => Number(Math.log10(value).toFixed(9));
