/**
 * The machine that the numbers belong to, as Linux describes it.
 *
 * @module
 */
import type { Machine } from "./results.ts";

/** What the kernel and the system say of themselves, as text. */
export interface Descriptions {
  /** `/proc/cpuinfo` */
  readonly processors: string;
  /** `/proc/meminfo` */
  readonly memory: string;
  /** `/etc/os-release`; empty where there is none. */
  readonly release: string;
  /** `/proc/sys/kernel/osrelease` */
  readonly kernel: string;
}

const kibPerGib = 1024 * 1024;

/** The machine, in the words of its results. */
export function describeMachine(
  { kernel, memory, processors, release }: Descriptions,
  pinning: string,
): Machine {
  const name = (pattern: RegExp, text: string) => text.match(pattern)?.[1];
  const memoryKib = Number(name(/^MemTotal:\s+(\d+) kB$/m, memory));
  return {
    // Not every kind of processor has a name there.
    processor: name(/^model name\s*:\s*(.*)$/m, processors) ?? Deno.build.arch,
    cores: processors.match(/^processor\s*:/gm)?.length ?? 1,
    memoryGiB: Math.round(memoryKib / kibPerGib * 10) / 10,
    system: `${name(/^PRETTY_NAME="?([^"\n]*)/m, release) ?? "Linux"}, ` +
      `kernel ${kernel.trim()}, ${Deno.build.arch}`,
    pinning,
  };
}

/** Looks at this machine. */
export function thisMachine(pinning: string): Machine {
  return describeMachine({
    processors: Deno.readTextFileSync("/proc/cpuinfo"),
    memory: Deno.readTextFileSync("/proc/meminfo"),
    release: textOr("", "/etc/os-release"),
    kernel: Deno.readTextFileSync("/proc/sys/kernel/osrelease"),
  }, pinning);
}

function textOr(otherwise: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return otherwise;
    throw error;
  }
}
