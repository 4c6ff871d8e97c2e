/**
 * Real servers in processes, started with the command of the README, and raw
 * TCP connections to them.
 *
 * @module
 */
import { portKinds } from "../../peers/port_kinds.ts";
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";

/** The folder of the project. */
export const projectFolder = new URL("../../", import.meta.url).pathname;

/** The servers of the default herd, in the order of their ports. */
export const names = ["Hill", "Jaquez", "Smith", "Campbell", "Singleton"];

/** Range of base ports, below the system's ephemeral ports. */
const [lowestBasePort, highestBasePort] = [10_000, 30_000];

/** A base port whose ports are free now: one of each kind for each server. */
export function freeBasePort(servers = names.length): number {
  while (true) {
    const span = highestBasePort - lowestBasePort;
    const base = lowestBasePort + Math.floor(Math.random() * span);
    const ports = portKinds.flatMap(({ offset }) =>
      Array.from({ length: servers }, (_, index) => base + offset + index)
    );
    if (ports.every(isFree)) return base;
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** A program under test. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>[];
  #stdout = "";
  #stderr = "";
  #onOutput: (() => void) | undefined;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = [
      this.#read(child.stdout, (text) => this.#stdout += text),
      this.#read(child.stderr, (text) => this.#stderr += text),
    ];
  }

  /**
   * Starts `deno` with these arguments.
   *
   * @param options.through A command and arguments that run the command after
   * them.
   */
  static start(
    args: readonly string[],
    options: {
      env?: Record<string, string>;
      cwd?: string;
      through?: readonly string[];
    } = {},
  ): Program {
    const { through = [] } = options;
    const [command, ...rest] = [...through, Deno.execPath(), ...args];
    return new Program(
      new Deno.Command(command, {
        args: rest,
        cwd: options.cwd ?? projectFolder,
        env: { NO_COLOR: "1", ...options.env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for text on stdout. Throws if the program ends without it. */
  async untilPrinted(text: string): Promise<void> {
    let ended = false;
    const end = Promise.all(this.#reading).then(() => ended = true);
    while (!this.#stdout.includes(text)) {
      if (ended) throw new Error(`ended without ${text}: ${this.#stderr}`);
      const output = new Promise<void>((resolve) => this.#onOutput = resolve);
      await Promise.race([output, end]);
    }
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. Returns the exit status. */
  async ended(): Promise<number> {
    await Promise.all(this.#reading);
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.ended();
  }

  async #read(
    stream: ReadableStream<Uint8Array>,
    add: (text: string) => void,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      add(text);
      this.#onOutput?.();
    }
  }
}

/** A herd whose servers are started one by one. */
export class TestHerd implements AsyncDisposable {
  readonly basePort = freeBasePort();
  readonly logFolder = Deno.makeTempDirSync({ prefix: "herd-" });
  readonly #programs: Program[] = [];

  /** The client port of a server of the default herd. */
  portOf(name: string): number {
    return this.basePort + names.indexOf(name);
  }

  /** Starts a server with the README's command. Resolves when it is ready. */
  async start(
    name: string,
    flags: readonly string[] = [],
    env: Record<string, string> = {},
    permissions = ["--allow-net", "--allow-write"],
    through: readonly string[] = [],
  ): Promise<Program> {
    const program = Program.start([
      "run",
      ...permissions,
      "server.ts",
      name,
      `--base-port=${this.basePort}`,
      `--log-dir=${this.logFolder}`,
      ...flags,
    ], { env, through });
    this.#programs.push(program);
    await program.untilPrinted(`${name} is ready`);
    return program;
  }

  /** The TLS port of a server of the default herd. */
  tlsPortOf(name: string): number {
    return this.portOf(name) + 300;
  }

  /** The administration port of a server of the default herd. */
  adminPortOf(name: string): number {
    return this.portOf(name) + 200;
  }

  /** The HTTP port for devices of a server of the default herd. */
  httpPortOf(name: string): number {
    return this.portOf(name) + 400;
  }

  /** The NMEA port, of TCP and UDP, of a server of the default herd. */
  nmeaPortOf(name: string): number {
    return this.portOf(name) + 600;
  }

  /** Runs `herd up` on this herd's ports. Resolves when it is up. */
  async up(): Promise<Program> {
    const program = Program.start([
      "run",
      "--allow-net",
      "--allow-write",
      "main.ts",
      "up",
      `--base-port=${this.basePort}`,
      `--log-dir=${this.logFolder}`,
    ]);
    this.#programs.push(program);
    await program.untilPrinted("Ctrl-C stops the herd.");
    return program;
  }

  /** Starts all five servers and waits until they are linked. */
  async startAll(flags: readonly string[] = []): Promise<Map<string, Program>> {
    const programs = new Map<string, Program>();
    await Promise.all(names.map(async (name) => {
      programs.set(name, await this.start(name, flags));
    }));
    await this.untilLinked(names);
    return programs;
  }

  /** Waits until a new report to each server has arrived at all others. */
  async untilLinked(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const probe = `probe-${crypto.randomUUID()}`;
      await until(async () => {
        const time = Date.now() / 1000;
        await ask(this.portOf(name), `IAMAT ${probe} +0+0 ${time}\n`);
        const answers = await Promise.all(
          names.map((other) =>
            ask(this.portOf(other), `WHATSAT ${probe} 0 0\n`)
          ),
        );
        return answers.every((answer) => answer.startsWith("AT"));
      });
    }
  }

  /** Waits until a server's log contains a text. It is written in batches. */
  async untilLogged(name: string, text: string): Promise<void> {
    await until(() => this.log(name).includes(text));
  }

  /** The text of a server's log. */
  log(name: string): string {
    return Deno.readTextFileSync(`${this.logFolder}/${name}.log`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) {
      await program[Symbol.asyncDispose]();
    }
    await Deno.remove(this.logFolder, { recursive: true });
  }
}

/** Polls until the condition holds, or the test runner's time limit is over. */
export async function until(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!await condition()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Reads to the end of the stream. */
export async function readAll(connection: Deno.TcpConn): Promise<ByteString> {
  const buffer = allocateBuffer(64 * 1024);
  let text: ByteString = "";
  let count;
  while ((count = await connection.read(buffer)) !== null) {
    text += decodeBytes(buffer, 0, count);
  }
  return text;
}

/** Reads until the text is complete. Throws if the stream ends first. */
export async function readUntil(
  connection: Deno.TcpConn,
  isComplete: (text: ByteString) => boolean,
): Promise<ByteString> {
  const buffer = allocateBuffer(64 * 1024);
  let text: ByteString = "";
  while (!isComplete(text)) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`the stream ended after ${text}`);
    text += decodeBytes(buffer, 0, count);
  }
  return text;
}

export function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** Sends the input, ends sending, and reads to the end, as `nc -N` does. */
export async function ask(
  port: number,
  input: ByteString,
): Promise<ByteString> {
  using connection = await connect(port);
  await writeAll(connection, input);
  await connection.closeWrite();
  return await readAll(connection);
}
