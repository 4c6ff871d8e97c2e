/**
 * The five servers of a soak, each a process that dies and comes back. Half of
 * their links go through proxies.
 *
 * @module
 */
import { SetupError } from "../../cli/exit.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import defaultHerd from "../../herd.json" with { type: "json" };
import { freeBasePort, names, Program } from "../end_to_end/process.ts";
import { Proxy } from "../end_to_end/proxy.ts";
import type { Sample } from "./machine.ts";

/** Small, so that there are many. */
const logFileBytes = 1024 * 1024;

/** A ring that is not overwritten before it was read. */
const logKeptFiles = 200;

/** Peers listen so far above clients. */
const peerPortOffset = 100;

/** Each of these goes through a proxy; the other links are direct. */
export const proxiedLinks = [
  ["Hill", "Smith"],
  ["Jaquez", "Singleton"],
  ["Singleton", "Campbell"],
] as const;

/** Which of these goes through a proxy; -1 if the link is direct. */
function proxyBetween(...link: readonly string[]): number {
  return proxiedLinks.findIndex((ends) =>
    ends.every((end) => link.includes(end))
  );
}

/** The links that no proxy stands in. */
export const directLinks = defaultHerd.links
  .filter((link) => proxyBetween(...link) < 0);

/** A server from its start to its end. */
export interface Life {
  readonly server: string;
  readonly program: Program;
  readonly startedMs: number;
  readonly samples: Sample[];
  /** The newest AT line of each client that it is known to have had. */
  readonly known: Map<ByteString, ByteString>;
  /** When it was told to end; by `performance.now()`, as all times here. */
  ending?: { readonly signal: Deno.Signal; readonly atMs: number };
  isFrozen: boolean;
  /** When it was last started, or woken. */
  calmSinceMs: number;
}

/** How a server is started. */
const permissions = ["--allow-net", "--allow-write"];

/** The servers. */
export class Servers implements AsyncDisposable {
  /** Where everything of this run is. */
  readonly folder = Deno.makeTempDirSync({ prefix: "soak-" });
  readonly logFolder = `${this.folder}/logs`;
  readonly proxies: readonly Proxy[];
  /** Rejects when a server has ended that nobody has told to. */
  readonly death: Promise<never>;
  readonly #reportDeath: (error: SetupError) => void;
  readonly #basePort = freeBasePort();
  readonly #living = new Map<string, Life>();
  readonly #lives: Life[] = [];
  readonly #flags: readonly string[];

  /** @param flags What every server is started with besides the usual. */
  constructor(flags: readonly string[] = []) {
    this.#flags = flags;
    const { promise, reject } = Promise.withResolvers<never>();
    this.death = promise;
    this.#reportDeath = reject;
    this.proxies = proxiedLinks.map((link) =>
      new Proxy(
        Object.fromEntries(link.map((name) => [name, this.#peerPortOf(name)])),
      )
    );
    for (const name of names) this.#writeHerdFile(name);
  }

  /** All lives so far, in the order of their starts. */
  get lives(): readonly Life[] {
    return this.#lives;
  }

  /** The life of a server that is there and was not told to end. */
  life(name: string): Life | undefined {
    return this.#living.get(name);
  }

  /** Where clients connect. */
  portOf(name: string): number {
    return this.#basePort + names.indexOf(name);
  }

  /** Where neighbours connect. */
  peerPortOf(name: string): number {
    return this.#peerPortOf(name);
  }

  /** For how long a server has been undisturbed, in milliseconds. */
  calmMs(name: string): number {
    const life = this.life(name);
    if (life === undefined || life.isFrozen) return 0;
    return performance.now() - life.calmSinceMs;
  }

  /** Starts a server by the README's command; resolves when it is ready. */
  async start(name: string): Promise<Life> {
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
      ...this.#flags,
    ]);
    const life: Life = {
      server: name,
      program,
      startedMs,
      samples: [],
      known: new Map(),
      isFrozen: false,
      calmSinceMs: Infinity,
    };
    this.#lives.push(life);
    program.ended().then((status) => {
      if (life.ending !== undefined) return;
      this.#reportDeath(
        new SetupError(
          `${name} has ended by itself, with status ${status}: ` +
            `${program.stderr}; the logs are in ${this.folder}`,
        ),
      );
    });
    // One that does not get so far has died, and more is known of that.
    await program.saying(`${name} is ready`).catch(() => this.death);
    life.calmSinceMs = performance.now();
    this.#living.set(name, life);
    return life;
  }

  /**
   * Ends a server; resolves with its exit status and how long it took, in
   * milliseconds.
   */
  async end(
    name: string,
    signal: "SIGKILL" | "SIGTERM",
  ): Promise<{ status: number; tookMs: number }> {
    const life = this.life(name)!;
    const atMs = performance.now();
    life.ending = { signal, atMs };
    this.#living.delete(name);
    life.program.signal(signal);
    const status = await life.program.ended();
    return { status, tookMs: performance.now() - atMs };
  }

  /** Stops a server for a while: it holds everything, and does nothing. */
  async freeze(name: string, forMs: number): Promise<void> {
    const life = this.life(name)!;
    life.isFrozen = true;
    life.program.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, forMs));
    life.program.signal("SIGCONT");
    life.isFrozen = false;
    life.calmSinceMs = performance.now();
  }

  /** Kills all that are left, before it returns. */
  killAll(): void {
    for (const life of this.#lives) {
      life.ending ??= { signal: "SIGKILL", atMs: performance.now() };
      try {
        life.program.signal("SIGKILL");
      } catch {
        // It has ended already.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    for (const { program } of this.#lives) await program[Symbol.asyncDispose]();
    for (const proxy of this.proxies) await proxy[Symbol.asyncDispose]();
  }

  #peerPortOf(name: string): number {
    return this.portOf(name) + peerPortOffset;
  }

  #herdFileOf(name: string): string {
    return `${this.folder}/${name}.json`;
  }

  /** The herd as one server sees it: some neighbours are where a proxy is. */
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
