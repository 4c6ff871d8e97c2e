/**
 * The processes under measurement: each runs on the cores that it is given, and
 * the kernel counts its CPU time and memory. Linux only, because it needs /proc
 * and `taskset`.
 *
 * @module
 */
import { freeBasePort, projectFolder } from "../tests/end_to_end/process.ts";

export { freeBasePort, projectFolder };

/** The cores of the two sides of a measurement. Empty lists pin nothing. */
export interface Cores {
  /** For one server, or for all servers of a herd. */
  readonly servers: readonly number[];
  /** For the load generator. */
  readonly load: readonly number[];
  /** In words, for the results. */
  readonly description: string;
}

/** The cores that this process may use; empty if `taskset` is missing. */
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

/** Gives the last core to the load generator and the others to servers. */
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
  /** The cores that it may use; empty for all. */
  readonly cores: readonly number[];
  /** Its working folder; the project's by default. */
  readonly cwd?: string;
}

/** How long a program may take to start or to stop, in milliseconds. */
const timeoutMs = 120_000;

/** The kernel counts CPU time in hundredths of a second (`man 5 proc`). */
const ticksPerSecond = 100;

/** A running program. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #stdout = "";

  constructor({ args, cores, cwd = projectFolder, program }: Command) {
    const words = [program, ...args];
    if (cores.length > 0) words.unshift("taskset", "-c", cores.join(","));
    this.#child = new Deno.Command(words[0], {
      args: words.slice(1),
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** Starts a program. Resolves when its output matches a pattern. */
  static async start(command: Command, ready: RegExp): Promise<Process> {
    await using cleanup = new AsyncDisposableStack();
    const process = cleanup.use(new Process(command));
    await process.untilPrinted(ready);
    cleanup.move();
    return process;
  }

  /**
   * Reads the program's output up to the first match and returns the match.
   * Kills the program if that takes longer than `waitMs`.
   *
   * @throws {Error} If the program ends before the match.
   */
  async untilPrinted(
    pattern: RegExp,
    waitMs = timeoutMs,
  ): Promise<RegExpMatchArray> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), waitMs);
    try {
      while (true) {
        const match = this.#stdout.match(pattern);
        if (match !== null) return match;
        if (!await this.#read()) {
          throw new Error(
            `a program ended before it printed ${pattern}: ${this.#stdout}`,
          );
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The line of its output that is JSON, parsed. See `untilPrinted`. */
  async json(waitMs = timeoutMs) {
    const [text] = await this.untilPrinted(/^[[{].*[\]}]$/m, waitMs);
    return JSON.parse(text);
  }

  /** All of its output. Resolves when the program has ended. */
  async output(): Promise<string> {
    let isOpen = true;
    while (isOpen) isOpen = await this.#read();
    return this.#stdout;
  }

  /** Its number in the system. */
  get pid(): number {
    return this.#child.pid;
  }

  /** User and system time of all its threads so far, in seconds. */
  cpuSeconds(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.#child.pid}/stat`);
    // The second field is the program's name in parentheses, and may hold
    // spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Its resident memory, in bytes. */
  memoryBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)![1]) * 1024;
  }

  /** Sends a signal, unless the program has ended. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Sends SIGTERM, and SIGKILL if the program does not end in time. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.signal("SIGKILL"), timeoutMs);
    this.signal("SIGTERM");
    await this.output();
    await this.#child.status;
    clearTimeout(timer);
  }

  /** Reads more output. False at its end. */
  async #read(): Promise<boolean> {
    const { done, value = "" } = await this.#reader.read();
    this.#stdout += value;
    return !done;
  }
}
