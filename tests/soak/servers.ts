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
export interface Incarnation {
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
  readonly #living = new Map<string, Incarnation>();
  readonly #incarnations: Incarnation[] = [];
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
  get incarnations(): readonly Incarnation[] {
    return this.#incarnations;
  }

  /** The life of a server that is there and was not told to end. */
  incarnation(name: string): Incarnation | undefined {
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
    const incarnation = this.incarnation(name);
    if (incarnation === undefined || incarnation.isFrozen) return 0;
    return performance.now() - incarnation.calmSinceMs;
  }

  /** Starts a server by the README's command; resolves when it is ready. */
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
      ...this.#flags,
    ]);
    const incarnation: Incarnation = {
      server: name,
      program,
      startedMs,
      samples: [],
      known: new Map(),
      isFrozen: false,
      calmSinceMs: Infinity,
    };
    this.#incarnations.push(incarnation);
    program.ended().then((status) => {
      if (incarnation.ending !== undefined) return;
      this.#reportDeath(
        new SetupError(
          `${name} has ended by itself, with status ${status}: ` +
            `${program.stderr}; the logs are in ${this.folder}`,
        ),
      );
    });
    // One that does not get so far has died, and more is known of that.
    await program.untilPrinted(`${name} is ready`).catch(() => this.death);
    incarnation.calmSinceMs = performance.now();
    this.#living.set(name, incarnation);
    return incarnation;
  }

  /**
   * Ends a server; resolves with its exit status and how long it took, in
   * milliseconds.
   */
  async end(
    name: string,
    signal: "SIGKILL" | "SIGTERM",
  ): Promise<{ status: number; tookMs: number }> {
    const incarnation = this.incarnation(name)!;
    const atMs = performance.now();
    incarnation.ending = { signal, atMs };
    this.#living.delete(name);
    incarnation.program.signal(signal);
    const status = await incarnation.program.ended();
    return { status, tookMs: performance.now() - atMs };
  }

  /** Stops a server for a while: it holds everything, and does nothing. */
  async freeze(name: string, forMs: number): Promise<void> {
    const incarnation = this.incarnation(name)!;
    incarnation.isFrozen = true;
    incarnation.program.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, forMs));
    incarnation.program.signal("SIGCONT");
    incarnation.isFrozen = false;
    incarnation.calmSinceMs = performance.now();
  }

  /** Kills all that are left, before it returns. */
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
