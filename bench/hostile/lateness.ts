/**
 * Percentiles of few samples, and how long a thread has waited for a core.
 *
 * @module
 */

/**
 * The least value that is not exceeded by this share of the values; NaN if there
 * is none.
 *
 * @param sorted Ascending.
 */
export function nearestRank(
  sorted: ArrayLike<number>,
  share: number,
): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

const nsPerMs = 1_000_000;

/**
 * How long this thread has been ready to run but has waited for a core, in
 * milliseconds; 0 on a system that does not count it. From the second field of
 * schedstat (https://docs.kernel.org/scheduler/sched-stats.html).
 */
export function readWaitedMs(): number {
  try {
    const text = Deno.readTextFileSync("/proc/thread-self/schedstat");
    return Number(text.split(" ")[1]) / nsPerMs;
  } catch {
    return 0;
  }
}
