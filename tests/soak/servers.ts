/**
 * The five servers of a soak, each in a process that is ended and restarted.
 * Half of their links go through proxies.
 *
 * @module
 */
import { SetupError } from "../../cli/exit.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import defaultHerd from "../../herd.json" with { type: "json" };
import { freeBasePort, names, Program } from "../end_to_end/process.ts";
import { Proxy } from "../end_to_end/proxy.ts";
import type { Sample } from "./machine.ts";

/** Size of a full log file. Small, so that there are many files. */
const logFileBytes = 1024 * 1024;

/** Log files kept: enough for the soak to read a file before it is deleted. */
const logKeptFiles = 200;

/** Distance of peer ports to client ports. */
const peerPortOffset = 100;

/** The links through proxies; all others are direct. */
export const proxiedLinks = [
  ["Hill", "Smith"],
  ["Jaquez", "Singleton"],
  ["Singleton", "Campbell"],
] as const;

/** The index of a link in `proxiedLinks`; -1 if the link is direct. */
function proxyBetween(...link: readonly string[]): number {
  return proxiedLinks.findIndex((ends) =>
    ends.every((end) => link.includes(end))
  );
}

/** The links without a proxy. */
export const directLinks = defaultHerd.links
  .filter((link) => proxyBetween(...link) < 0);

/** One run of a server. All times are of `performance.now()`. */
export interface Incarnation {
  readonly server: string;
  readonly program: Program;
  readonly startedMs: number;
  readonly samples: Sample[];
  /** The newest AT line of each client that it is known to have had. */
  readonly known: Map<ByteString, ByteString>;
  /** The signal that ended it. */
  ending?: { readonly signal: Deno.Signal; readonly atMs: number };
  isFrozen: boolean;
  /** When it was ready, or last continued after a freeze. */
  undisturbedSinceMs: number;
}

/** The permissions of a server. */
const permissions = ["--allow-net", "--allow-write"];

/** The servers. */
export class Servers implements AsyncDisposable {
  /** The folder for all files of this soak. */
  readonly folder = Deno.makeTempDirSync({ prefix: "soak-" });
  readonly logFolder = `${this.folder}/logs`;
  readonly proxies: readonly Proxy[];
  /** Rejects when a server has ended without a signal. */
  readonly unexpectedEnd: Promise<never>;
  readonly #rejectUnexpectedEnd: (error: SetupError) => void;
  readonly #basePort = freeBasePort();
  readonly #running = new Map<string, Incarnation>();
  readonly #incarnations: Incarnation[] = [];
  readonly #flags: readonly string[];

  /** @param flags Additional flags of every server. */
  constructor(flags: readonly string[] = []) {
    this.#flags = flags;
    const { promise, reject } = Promise.withResolvers<never>();
    this.unexpectedEnd = promise;
    this.#rejectUnexpectedEnd = reject;
    this.proxies = proxiedLinks.map((link) =>
      new Proxy(
        Object.fromEntries(link.map((name) => [name, this.#peerPortOf(name)])),
      )
    );
    for (const name of names) this.#writeHerdFile(name);
  }

  /** All incarnations so far, in the order of their starts. */
  get incarnations(): readonly Incarnation[] {
    return this.#incarnations;
  }

  /** The running incarnation of a server; undefined if it is being ended. */
  incarnation(name: string): Incarnation | undefined {
    return this.#running.get(name);
  }

  /** The client port of a server. */
  portOf(name: string): number {
    return this.#basePort + names.indexOf(name);
  }

  /** The peer port of a server. */
  peerPortOf(name: string): number {
    return this.#peerPortOf(name);
  }

  /** How long a server has been undisturbed, in milliseconds. */
  undisturbedMs(name: string): number {
    const incarnation = this.incarnation(name);
    if (incarnation === undefined || incarnation.isFrozen) return 0;
    return performance.now() - incarnation.undisturbedSinceMs;
  }

  /** Starts a server with the README's command. Resolves when it is ready. */
  async start(name: string): Promise<Incarnation> {
    const herdFile = this.#herdFileOf(name);
    const startedMs = performance.now();
    const program = Program.start([
      "run",
      ...permissions,
      `--allow-read=${herdFile}`,
      "server.ts",
      name,
      `--config=${herdFile}`,
      `--log-dir=${this.logFolder}`,
      `--log-max-bytes=${logFileBytes}`,
      `--log-keep=${logKeptFiles}`,
      "--places=gazetteer",
      "--http",
      "--mqtt",
      ...this.#flags,
    ]);
    const incarnation: Incarnation = {
      server: name,
      program,
      startedMs,
      samples: [],
      known: new Map(),
      isFrozen: false,
      undisturbedSinceMs: Infinity,
    };
    this.#incarnations.push(incarnation);
    program.ended().then((status) => {
      if (incarnation.ending !== undefined) return;
      this.#rejectUnexpectedEnd(
        new SetupError(
          `${name} has ended by itself, with status ${status}: ` +
            `${program.stderr}; the logs are in ${this.folder}`,
        ),
      );
    });
    // The error of `unexpectedEnd` says more.
    await program.untilPrinted(`${name} is ready`)
      .catch(() => this.unexpectedEnd);
    incarnation.undisturbedSinceMs = performance.now();
    this.#running.set(name, incarnation);
    return incarnation;
  }

  /**
   * Ends a server. Resolves with its exit status and the time it took, in
   * milliseconds.
   */
  async end(
    name: string,
    signal: "SIGKILL" | "SIGTERM",
  ): Promise<{ status: number; tookMs: number }> {
    const incarnation = this.incarnation(name)!;
    const atMs = performance.now();
    incarnation.ending = { signal, atMs };
    this.#running.delete(name);
    incarnation.program.signal(signal);
    const status = await incarnation.program.ended();
    return { status, tookMs: performance.now() - atMs };
  }

  /** Stops a server's process for this time. Its connections stay open. */
  async freeze(name: string, forMs: number): Promise<void> {
    const incarnation = this.incarnation(name)!;
    incarnation.isFrozen = true;
    incarnation.program.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, forMs));
    incarnation.program.signal("SIGCONT");
    incarnation.isFrozen = false;
    incarnation.undisturbedSinceMs = performance.now();
  }

  /** Kills all running servers synchronously. */
  killAll(): void {
    for (const incarnation of this.#incarnations) {
      incarnation.ending ??= { signal: "SIGKILL", atMs: performance.now() };
      try {
        incarnation.program.signal("SIGKILL");
      } catch {
        // It has ended already.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    for (const { program } of this.#incarnations) {
      await program[Symbol.asyncDispose]();
    }
    for (const proxy of this.proxies) await proxy[Symbol.asyncDispose]();
  }

  #peerPortOf(name: string): number {
    return this.portOf(name) + peerPortOffset;
  }

  #herdFileOf(name: string): string {
    return `${this.folder}/${name}.json`;
  }

  /** Writes one server's herd file, with proxies in place of neighbours. */
  #writeHerdFile(self: string): void {
    const servers = names.map((name) => {
      const link = proxyBetween(self, name);
      return link < 0
        ? { name }
        : { name, peerPort: this.proxies[link].portTo(name) };
    });
    const { links } = defaultHerd;
    Deno.writeTextFileSync(
      this.#herdFileOf(self),
      JSON.stringify({ basePort: this.#basePort, servers, links }),
    );
  }
}
