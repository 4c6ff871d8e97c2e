/**
 * A herd of its own for each scenario: servers as processes on free ports, each
 * with a memory limit, in a temporary folder that goes with them.
 *
 * @module
 */
import { freeBasePort, Program, projectFolder } from "../end_to_end/process.ts";
import { MemoryLimit, memoryOf } from "./memory_limit.ts";

/** Distances of a server's other ports from its client port. */
const [peerPortOffset, adminPortOffset, tlsPortOffset] = [100, 200, 300];

/** Enough for a server that does what it should, in megabytes. */
export const usualMegabytes = 320;

/** How a server is started. */
export interface StartOptions {
  /** Flags that do not exist yet are left out: see `knownFlags`. */
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  readonly megabytes?: number;
  /** What is odd about its machine: see `odd_machine.ts`. */
  readonly odd?: string;
  /** A command that starts the command after it, such as a `ulimit`. */
  readonly through?: readonly string[];
  /** A herd file in the place of the herd's. */
  readonly herdFile?: string;
  /** A folder for logs in the place of the herd's. */
  readonly logFolder?: string;
}

/** A server from its start to its end. */
export class HostileServer {
  readonly name: string;
  readonly port: number;
  readonly program: Program;
  #status: number | undefined;
  #peakBytes = 0;

  constructor(name: string, port: number, program: Program) {
    this.name = name;
    this.port = port;
    this.program = program;
    program.ended().then((status) => this.#status = status);
  }

  get peerPort(): number {
    return this.port + peerPortOffset;
  }

  get adminPort(): number {
    return this.port + adminPortOffset;
  }

  get tlsPort(): number {
    return this.port + tlsPortOffset;
  }

  /** Its exit status; undefined while it runs. */
  get status(): number | undefined {
    return this.#status;
  }

  /** What it printed on stderr, and its exit status if it has ended. */
  get lastWords(): string {
    return `${this.name} ended with status ${this.#status}: ` +
      this.program.stderr.slice(0, 500);
  }

  /** The most memory that it has taken so far, in megabytes. */
  get peakMegabytes(): number {
    const peak = memoryOf(this.program.pid, "VmHWM") ?? 0;
    this.#peakBytes = Math.max(this.#peakBytes, peak);
    return Math.round(this.#peakBytes / 2 ** 20);
  }

  /** The memory that it takes now, in megabytes; 0 if it has ended. */
  get megabytes(): number {
    return Math.round((memoryOf(this.program.pid, "VmRSS") ?? 0) / 2 ** 20);
  }

  /** Waits until it has ended, but no longer than this. */
  async endedWithin(seconds: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, seconds * 1000);
    });
    await Promise.race([this.program.ended(), late]);
    clearTimeout(timer);
    return this.#status !== undefined;
  }

  /** A page of its administration port. */
  async page(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.adminPort}${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, text: await response.text() };
  }
}

/** Servers that are started one by one. */
export class HostileHerd implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "hostile-" });
  readonly names: readonly string[];
  readonly herdFile: string;
  readonly basePort: number;
  readonly #limits: MemoryLimit[] = [];
  readonly #programs: Program[] = [];

  /** @param links Pairs of names; the servers are those in them, in order. */
  constructor(links: readonly (readonly [string, string])[] = []) {
    this.names = [...new Set(["Hill", ...links.flat()])];
    this.basePort = freeBasePort(this.names.length);
    Deno.mkdirSync(this.readFolder);
    this.herdFile = `${this.readFolder}/herd.json`;
    const servers = this.names.map((name) => ({ name }));
    const herd = { basePort: this.basePort, servers, links };
    Deno.writeTextFileSync(this.herdFile, JSON.stringify(herd));
  }

  /** What servers may write. */
  get logFolder(): string {
    return `${this.folder}/logs`;
  }

  /** What servers may read: herd files and certificates. */
  get readFolder(): string {
    return `${this.folder}/read`;
  }

  portOf(name: string): number {
    return this.basePort + this.names.indexOf(name);
  }

  /** Starts a server; resolves when it is ready. */
  async start(
    name: string,
    options: StartOptions = {},
  ): Promise<HostileServer> {
    const server = await this.launch(name, options);
    await server.program.untilPrinted(`${name} is ready`);
    return server;
  }

  /** Starts a server, and does not wait for it. */
  async launch(
    name: string,
    options: StartOptions = {},
  ): Promise<HostileServer> {
    const limit = new MemoryLimit(options.megabytes ?? usualMegabytes);
    this.#limits.push(limit);
    const program = Program.start([
      "run",
      "--frozen",
      "--no-remote",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-read=${this.readFolder}`,
      `--allow-write=${this.logFolder}`,
      "--allow-env=GOOGLE_PLACES_KEY",
      ...options.odd === undefined
        ? ["server.ts"]
        : ["tests/hostile/odd_machine.ts", options.odd],
      name,
      `--config=${options.herdFile ?? this.herdFile}`,
      `--log-dir=${options.logFolder ?? this.logFolder}`,
      "--admin",
      ...await knownFlags(options.flags ?? []),
    ], {
      env: options.env,
      through: [...limit.through, ...options.through ?? []],
    });
    this.#programs.push(program);
    return new HostileServer(name, this.portOf(name), program);
  }

  /** Has a program ended with the herd, whatever becomes of the test. */
  track(program: Program): Program {
    this.#programs.push(program);
    return program;
  }

  /** What a server's log says so far. */
  log(name: string): string {
    return Deno.readTextFileSync(`${this.logFolder}/${name}.log`);
  }

  /** How many bytes the files of a server's log have. */
  logBytes(name: string): number {
    let bytes = 0;
    for (const { name: file } of Deno.readDirSync(this.logFolder)) {
      if (!file.startsWith(`${name}.`)) continue;
      bytes += Deno.statSync(`${this.logFolder}/${file}`).size;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
    for (const limit of this.#limits) limit[Symbol.dispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

let help: Promise<string> | undefined;

/**
 * The flags that a server knows. A scenario may name a limit that is yet to be
 * built: without it the scenario fails for what it shows, and not for the flag.
 */
export async function knownFlags(flags: readonly string[]): Promise<string[]> {
  help ??= readHelp();
  const known = await help;
  return flags.filter((flag) => known.includes(`${flag.split("=")[0]} `));
}

async function readHelp(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--frozen", "--no-remote", "server.ts", "--help"],
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout).replaceAll("\n", " \n");
}
