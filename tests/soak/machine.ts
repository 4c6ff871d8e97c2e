/**
 * What processes take of the machine: memory and descriptors, from Linux's
 * `/proc`.
 *
 * @module
 */

/** What a process takes at a moment. */
export interface Sample {
  /** By `performance.now()`. */
  readonly atMs: number;
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** A look at a process; undefined if it is gone. */
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

/** The descriptors that a process has open. */
export function countDescriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** A life shorter than this, in milliseconds, says nothing about memory. */
export const shortestJudgedMs = 100_000;

/** Memory may grow by this part of itself, and by so many bytes. */
const growthAllowed = 0.2;
const growthAllowedBytes = 16 * 1024 * 1024;

/**
 * In a life shorter than this, in milliseconds, the runtime may still be
 * finding out how much it needs: then memory may grow by so many bytes.
 */
const warmUpMs = 300_000;
const warmUpBytes = 128 * 1024 * 1024;

/** How the memory of a process went. */
export type MemoryVerdict =
  | { readonly state: "not judged"; readonly livedMs: number }
  | {
    readonly state: "flat" | "grown";
    readonly livedMs: number;
    /** The floors of the second and of the last third of its life, in bytes. */
    readonly beforeBytes: number;
    readonly afterBytes: number;
  };

/**
 * Compares the floors of the second and of the last third of a life: a client
 * that asks for much makes waves, and a leak raises what is below them. The
 * first third is for the runtime to compile, and to find how much it needs.
 */
export function judgeMemory(samples: readonly Sample[]): MemoryVerdict {
  const livedMs = samples.length === 0
    ? 0
    : samples[samples.length - 1].atMs - samples[0].atMs;
  if (livedMs < shortestJudgedMs) return { state: "not judged", livedMs };
  const startMs = samples[0].atMs;
  const part = (from: number) =>
    samples.filter(({ atMs }) => {
      const passed = (atMs - startMs) / livedMs;
      return passed >= from && passed <= from + 1 / 3;
    }).map(({ memoryBytes }) => memoryBytes);
  const beforeBytes = floorOf(part(1 / 3));
  const afterBytes = floorOf(part(2 / 3));
  const allowedBytes = livedMs < warmUpMs ? warmUpBytes : growthAllowedBytes;
  const most = beforeBytes * (1 + growthAllowed) + allowedBytes;
  const state = afterBytes <= most ? "flat" : "grown";
  return { state, livedMs, beforeBytes, afterBytes };
}

/** A tenth of the values is below it. */
function floorOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 10)];
}
