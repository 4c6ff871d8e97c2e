/**
 * Programs under measurement: each in a process of its own, on the cores that
 * it is given, with what it costs read from the kernel. Linux only: that is
 * where `/proc` and `taskset` are.
 *
 * @module
 */

import { freeBasePort, projectFolder } from "../tests/end_to_end/process.ts";

export { freeBasePort, projectFolder };

/** Which cores the two sides of a measurement use. */
export interface Cores {
  /** For what is measured; one server, or all servers of a herd. */
  readonly servers: readonly number[];
  /** For what makes the load. */
  readonly load: readonly number[];
  /** In words, for the results. */
  readonly description: string;
}

/** What `taskset` lets us use. Empty where there is no `taskset`. */
function usableCores(): number[] {
  try {
    const { stdout } = new Deno.Command("taskset", {
      args: ["-cp", String(Deno.pid)],
    }).outputSync();
    const list = new TextDecoder().decode(stdout).split(":").at(-1)!.trim();
    return list.split(",").flatMap((range) => {
      const [first, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The last core makes the load; the others serve. */
export function assignCores(): Cores {
  const cores = usableCores();
  if (cores.length < 2) {
    return { servers: [], load: [], description: "none: nothing is pinned" };
  }
  const load = cores.slice(-1);
  const servers = cores.slice(0, -1);
  return {
    servers,
    load,
    description: `load on core ${load}, one server on core ${servers[0]}, ` +
      `herds on ${servers.length === 1 ? "core" : "cores"} ${servers}`,
  };
}

/** How to start a program. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it may run; empty for anywhere. */
  readonly cores: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder; the project's by default. */
  readonly cwd?: string;
}

/** How long a program may take to say that it is ready, in milliseconds. */
const readyTimeoutMs = 20_000;

/** A running program. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #stdout = "";

  constructor({ program, args, cores, env, cwd }: Command) {
    const words = cores.length === 0
      ? [program, ...args]
      : ["taskset", "-c", cores.join(","), program, ...args];
    this.#child = new Deno.Command(words[0], {
      args: words.slice(1),
      cwd: cwd ?? projectFolder,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /**
   * Reads the program's output up to the first match, and returns the match.
   *
   * @param timeoutMs How long it may take to that; else it is ended.
   * @throws {Error} If the program ends or takes too long before that.
   */
  async untilPrinted(
    pattern: RegExp,
    timeoutMs = readyTimeoutMs,
  ): Promise<RegExpMatchArray> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), timeoutMs);
    try {
      while (true) {
        const match = this.#stdout.match(pattern);
        if (match !== null) return match;
        const { done, value } = await this.#reader.read();
        if (done) {
          throw new Error(
            `a program ended without saying ${pattern}: ${this.#stdout}`,
          );
        }
        this.#stdout += value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** All it printed, once it has ended. */
  async output(): Promise<string> {
    while (true) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#stdout;
      this.#stdout += value;
    }
  }

  /** User and system time of all its threads so far, in seconds. */
  cpuSeconds(): number {
    return cpuSeconds(this.#child.pid);
  }

  /** Physical memory that it holds, in bytes. */
  memoryBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)![1]) * 1024;
  }

  /** Sends it a signal, unless it has ended already. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Ends it, at once if it does not end by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.signal("SIGKILL"), readyTimeoutMs);
    this.signal("SIGTERM");
    await this.output();
    await this.#child.status;
    clearTimeout(timer);
  }
}

/** The kernel counts CPU time in hundredths of a second (`man 5 proc`). */
const ticksPerSecond = 100;

function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  return (userTicks + systemTicks) / ticksPerSecond;
}

/** Resolves when something listens on a port of this machine. */
export async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}
