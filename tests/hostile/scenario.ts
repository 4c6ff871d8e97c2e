/**
 * What all scenarios share: their lengths, the figures that they print, and the
 * names of the events and metrics that they expect.
 *
 * @module
 */
import { assert } from "../assert.ts";
import type { HonestResult } from "./honest_client.ts";
import type { HostileServer } from "./hostile_herd.ts";

/** Whether this is `deno task hostile --long`. */
export const isLong = Deno.env.get("HERD_HOSTILE_LONG") === "1";

/** Prints what was measured, with HERD_HOSTILE_FIGURES=1. */
export function figure(text: string): void {
  if (Deno.env.get("HERD_HOSTILE_FIGURES") === "1") console.log(`  ${text}`);
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Waits for work, but no longer than this. */
export async function atMost(
  seconds: number,
  work: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}

/** Polls until the condition holds; false if it does not within this time. */
export async function holdsWithin(
  seconds: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const endMs = performance.now() + seconds * 1000;
  while (!await condition()) {
    if (performance.now() > endMs) return false;
    await pause(0.1);
  }
  return true;
}

/**
 * No server works longer than this on others before it answers an honest
 * client, in milliseconds of CPU time. The bench measures how late answers are
 * on a machine that does nothing else.
 */
export const mostCpuMs = 100;

/** How long an honest client waited at most, in words. */
export function describeWait({ worstCpuMs, worstMs }: HonestResult): string {
  return `worst answer ${worstMs} ms (${worstCpuMs} ms of CPU)`;
}

/** An honest client was served all the time. */
export function assertServed(
  { answers, failure, worstCpuMs }: HonestResult,
): void {
  assert(failure === undefined, `the honest client ended: ${failure}`);
  assert(answers > 0, "the honest client had no answer");
  assert(
    worstCpuMs <= mostCpuMs,
    `a server worked for ${worstCpuMs} ms before it answered`,
  );
}

/** A server has not died of what was done to it. */
export function assertAlive(server: HostileServer): void {
  assert(server.status === undefined, server.lastWords);
}

/** Operands as long as a line: what is held has to be charged all the same. */
export const longOperands = [
  "--max-id-bytes=65536",
  "--max-position-bytes=65536",
  "--max-time-bytes=65536",
];

/** The names of events and metrics by which servers report faults. */
export const told = {
  /** The event of two servers that have one name. */
  twoServersEvent: "two-servers-of-one-name",
  /** Its metric. */
  twoServersMetric: "herd_two_servers_of_one_name_total",
  /** The event of a horizon that is ahead of the clock. */
  horizonAheadEvent: "horizon-ahead",
  /** The reason of a connection that made room for another. */
  idleLongestReason: "idle longest",
  /** The metric of the log's failures. */
  logFailingMetric: "herd_journal_failing",
};
