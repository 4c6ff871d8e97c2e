/**
 * A scale for times, in UTC.
 *
 * @module
 */
import type { Span } from "./scales.ts";

/** Maps times to coordinates, and lists the times for ticks. */
export interface TimeScale {
  /** @param us Microseconds since 1970. */
  readonly at: (us: number) => number;
  readonly ticks: readonly { readonly us: number; readonly label: string }[];
}

const secondUs = 1_000_000;
const dayUs = 86_400 * secondUs;

/** Intervals between ticks, in microseconds. */
const steps = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((days) => days * 86_400),
].map((seconds) => seconds * secondUs);

/** Most ticks, except that an axis of many years may have one more. */
const maxTicks = 7;

/** A scale from the first to the last time. */
export function timeScale(
  firstUs: number,
  lastUs: number,
  { from, to }: Span,
): TimeScale {
  // The axis has a length even if both times are equal.
  const length = Math.max(lastUs - firstUs, 1);
  const step = steps.find((step) => length / step < maxTicks) ??
    steps.at(-1)! * Math.ceil(length / steps.at(-1)! / maxTicks);
  const ticks = [];
  const begin = Math.ceil(firstUs / step) * step;
  for (let us = begin; us <= lastUs; us += step) {
    ticks.push({ us, label: label(us, step) });
  }
  return { at: (us) => from + (to - from) * (us - firstUs) / length, ticks };
}

/** The part of a time that distinguishes it from the other ticks. */
function label(us: number, step: number): string {
  const text = new Date(us / 1000).toISOString();
  if (step >= dayUs) return text.slice(0, 10);
  if (us % dayUs === 0) return text.slice(5, 10);
  if (step >= 60 * secondUs) return text.slice(11, 16);
  return step >= secondUs ? text.slice(11, 19) : text.slice(14, 21);
}
