/**
 * Describes the machine that the samples are taken on, from /proc and
 * /etc/os-release.
 *
 * @module
 */
import type { Machine } from "./results.ts";

/** The texts that describe a Linux machine. */
export interface Descriptions {
  /** `/proc/cpuinfo` */
  readonly processors: string;
  /** `/proc/meminfo` */
  readonly memory: string;
  /** `/etc/os-release`; empty if there is none. */
  readonly release: string;
  /** `/proc/sys/kernel/osrelease` */
  readonly kernel: string;
}

const kibPerGib = 1024 * 1024;

/** The machine that these texts describe. */
export function describeMachine(
  { kernel, memory, processors, release }: Descriptions,
  pinning: string,
): Machine {
  const name = (pattern: RegExp, text: string) => text.match(pattern)?.[1];
  const memoryKib = Number(name(/^MemTotal:\s+(\d+) kB$/m, memory));
  return {
    // Some kinds of processors have no name there.
    processor: name(/^model name\s*:\s*(.*)$/m, processors) ?? Deno.build.arch,
    cores: processors.match(/^processor\s*:/gm)?.length ?? 1,
    memoryGiB: Math.round(memoryKib / kibPerGib * 10) / 10,
    system: `${name(/^PRETTY_NAME="?([^"\n]*)/m, release) ?? "Linux"}, ` +
      `kernel ${kernel.trim()}, ${Deno.build.arch}`,
    pinning,
  };
}

/** This machine. */
export function thisMachine(pinning: string): Machine {
  return describeMachine({
    processors: Deno.readTextFileSync("/proc/cpuinfo"),
    memory: Deno.readTextFileSync("/proc/meminfo"),
    release: readIfPresent("/etc/os-release"),
    kernel: Deno.readTextFileSync("/proc/sys/kernel/osrelease"),
  }, pinning);
}

function readIfPresent(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
