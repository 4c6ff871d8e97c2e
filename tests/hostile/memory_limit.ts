/**
 * A limit on the memory of one process: a memory cgroup where this machine lets
 * us make one, and else a watcher that reads the resident size ten times a
 * second. Either way, a process over its limit is killed.
 *
 * @module
 */

/** Where cgroups are: of version 1, and of version 2. */
const kinds = [
  { folder: "/sys/fs/cgroup/memory", limitFile: "memory.limit_in_bytes" },
  { folder: "/sys/fs/cgroup", limitFile: "memory.max" },
];

let madeCount = 0;

/** Runs a script of the shell; tests may not open `/sys` or `/proc`. */
function shell(script: string, ...args: string[]): string | undefined {
  const { stdout, success } = new Deno.Command("sh", {
    args: ["-c", script, ...args],
    stderr: "null",
  }).outputSync();
  return success ? new TextDecoder().decode(stdout) : undefined;
}

/** The limit of one process. */
export class MemoryLimit implements Disposable {
  /** A command that starts the command after it under the limit. */
  readonly through: readonly string[];
  readonly #cgroup: string | undefined;

  /** @param kind A watcher even where a cgroup can be made, for a test. */
  constructor(megabytes: number, kind: "cgroup" | "watcher" = "cgroup") {
    this.#cgroup = kind === "watcher"
      ? undefined
      : makeCgroup(megabytes * 2 ** 20);
    this.through = this.#cgroup === undefined
      ? ["sh", "-c", watchingScript, String(megabytes * 1024)]
      : ["sh", "-c", `echo $$ > ${this.#cgroup}/cgroup.procs && exec "$@"`, ""];
  }

  /** Removes the cgroup. Its process must have ended. */
  [Symbol.dispose](): void {
    if (this.#cgroup === undefined) return;
    // A process that has just ended may still be counted.
    shell(
      'for try in 1 2 3 4 5 6 7 8 9; do rmdir "$0" && break; sleep 0.1; done',
      this.#cgroup,
    );
  }
}

/** Kills the process that the shell becomes; `$0` is the limit in kilobytes. */
const watchingScript = `
  pid=$$
  (
    while size=$(sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status)
    do
      [ -n "$size" ] || break
      if [ "$size" -gt "$0" ]; then kill -9 $pid; break; fi
      sleep 0.1
    done
  ) > /dev/null 2>&1 &
  exec "$@"`;

function makeCgroup(bytes: number): string | undefined {
  for (const { folder, limitFile } of kinds) {
    const cgroup = `${folder}/herd-hostile-${Deno.pid}-${++madeCount}`;
    const made = shell(
      'mkdir "$0" && echo "$2" > "$0/$1" || { rmdir "$0"; exit 1; }',
      cgroup,
      limitFile,
      String(bytes),
    );
    if (made !== undefined) return cgroup;
  }
  return undefined;
}

/** The kernel counts CPU time in hundredths of a second (`man 5 proc`). */
const ticksPerSecond = 100;

/** CPU time of all threads of a process, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = shell('cat "/proc/$0/stat"', String(pid)) ?? "";
  // The second field is the program's name in parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond * 1000;
}

/**
 * The resident memory of a process, in bytes: now (`VmRSS`) or at most so far
 * (`VmHWM`). Undefined once it has ended.
 */
export function memoryOf(
  pid: number,
  which: "VmRSS" | "VmHWM",
): number | undefined {
  const status = shell('cat "/proc/$0/status"', String(pid)) ?? "";
  const kilobytes = new RegExp(`^${which}:\\s+(\\d+) kB$`, "m").exec(status);
  return kilobytes === null ? undefined : Number(kilobytes[1]) * 1024;
}
