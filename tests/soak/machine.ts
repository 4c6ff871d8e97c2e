/**
 * Memory and descriptors of processes, from Linux's `/proc`.
 *
 * @module
 */

/** The resources of a process at one moment. */
export interface Sample {
  /** By `performance.now()`. */
  readonly atMs: number;
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** Samples a process; undefined if it has ended. */
export function sample(pid: number): Sample | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status);
    if (kilobytes === null) return undefined;
    return {
      atMs: performance.now(),
      memoryBytes: Number(kilobytes[1]) * 1024,
      descriptors: countDescriptors(pid),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The number of a process's open descriptors. */
export function countDescriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** The memory of a shorter run is not judged, in milliseconds. */
export const shortestJudgedMs = 100_000;

/** Memory may grow by this share, and by this number of bytes. */
const growthAllowed = 0.2;
const growthAllowedBytes = 16 * 1024 * 1024;

/**
 * In a run shorter than `warmUpMs` milliseconds the runtime still adapts to the
 * load: memory may grow by `warmUpBytes` bytes then.
 */
const warmUpMs = 300_000;
const warmUpBytes = 128 * 1024 * 1024;

/** The verdict about a process's memory. */
export type MemoryVerdict =
  | { readonly state: "not judged"; readonly durationMs: number }
  | {
    readonly state: "flat" | "grown";
    readonly durationMs: number;
    /** The floors of the second and of the last third of the run, in bytes. */
    readonly beforeBytes: number;
    readonly afterBytes: number;
  };

/**
 * Compares the floors of the second and of the last third of a run. The load
 * makes peaks, but a leak raises the floor. The first third is left out: the
 * runtime still compiles and adapts to the load.
 */
export function judgeMemory(samples: readonly Sample[]): MemoryVerdict {
  const durationMs = samples.length === 0
    ? 0
    : samples[samples.length - 1].atMs - samples[0].atMs;
  if (durationMs < shortestJudgedMs) return { state: "not judged", durationMs };
  const startMs = samples[0].atMs;
  const part = (from: number) =>
    samples.filter(({ atMs }) => {
      const passed = (atMs - startMs) / durationMs;
      return passed >= from && passed <= from + 1 / 3;
    }).map(({ memoryBytes }) => memoryBytes);
  const beforeBytes = floorOf(part(1 / 3));
  const afterBytes = floorOf(part(2 / 3));
  const allowedBytes = durationMs < warmUpMs ? warmUpBytes : growthAllowedBytes;
  const most = beforeBytes * (1 + growthAllowed) + allowedBytes;
  const state = afterBytes <= most ? "flat" : "grown";
  return { state, durationMs, beforeBytes, afterBytes };
}

/** The tenth percentile. */
function floorOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 10)];
}
