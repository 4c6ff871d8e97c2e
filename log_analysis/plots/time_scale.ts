/**
 * An axis of time, in UTC.
 *
 * @module
 */
import type { Span } from "./scales.ts";

/** A place for every moment, and the moments that are worth a mark. */
export interface TimeScale {
  /** @param us Microseconds since 1970. */
  readonly at: (us: number) => number;
  readonly ticks: readonly { readonly us: number; readonly label: string }[];
}

const secondUs = 1_000_000;
const dayUs = 86_400 * secondUs;

/** Distances between marks, in microseconds. */
const steps = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((days) => days * 86_400),
].map((seconds) => seconds * secondUs);

/** At most so many marks; one more on an axis of many years. */
const mostTicks = 7;

/** A scale from the first moment to the last one. */
export function timeScale(
  firstUs: number,
  lastUs: number,
  { from, to }: Span,
): TimeScale {
  // The axis has a length even if there is but one moment.
  const length = Math.max(lastUs - firstUs, 1);
  const step = steps.find((step) => length / step < mostTicks) ??
    steps.at(-1)! * Math.ceil(length / steps.at(-1)! / mostTicks);
  const ticks = [];
  const begin = Math.ceil(firstUs / step) * step;
  for (let us = begin; us <= lastUs; us += step) {
    ticks.push({ us, label: label(us, step) });
  }
  return { at: (us) => from + (to - from) * (us - firstUs) / length, ticks };
}

/** As much of a moment as tells it from its neighbours. */
function label(us: number, step: number): string {
  const text = new Date(us / 1000).toISOString();
  if (step >= dayUs) return text.slice(0, 10);
  if (us % dayUs === 0) return text.slice(5, 10);
  if (step >= 60 * secondUs) return text.slice(11, 16);
  return step >= secondUs ? text.slice(11, 19) : text.slice(14, 21);
}
