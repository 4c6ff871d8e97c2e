/**
 * One server of a simulated herd: the real links, router, store, anti-entropy and
 * storage on a virtual host.
 *
 * @module
 */
import { Turns, Workload } from "../../runtime/turns.ts";
import { defaultMaxHalfOpenLinks } from "../../peers/limits.ts";
import { ServerNames } from "../../peers/server_names.ts";
import type { ForgetRefusal } from "../../replica/replica.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { recover } from "../../storage/recovery.ts";
import { Storage } from "../../storage/storage.ts";
import { LinkManager } from "../../peers/links/link_manager.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { findServer } from "../../peers/topology.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { Iamat } from "../../protocol/command.ts";
import { makeReport, parseReport, type Report } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { createFakeProver } from "../fakes/prover.ts";
import { CaughtUpWatch } from "./caught_up_watch.ts";
import { Crossings } from "./crossings.ts";
import type { Random } from "../../runtime/random.ts";
import type { VirtualHost } from "./virtual_host.ts";
import {
  forgetSecondsOf,
  type ServerFolder,
  type ServerOptions,
} from "./server_options.ts";
import { WatchedRouter } from "./watched_router.ts";

/** One incarnation of a server. */
export class SimulatedServer {
  readonly name: string;
  readonly router: WatchedRouter;
  readonly crossings: Crossings;
  readonly #host: VirtualHost;
  readonly #linkManager: LinkManager;
  readonly #turns: Turns;
  #storage: Storage | undefined;
  #closePort: (() => void) | undefined;

  /**
   * @param random The source of its nonces and its incarnation.
   * @param data Undefined for no data folder.
   */
  constructor(
    host: VirtualHost,
    options: ServerOptions,
    random: Random,
    data?: ServerFolder,
  ) {
    this.name = host.name;
    this.#host = host;
    const { clock } = host;
    const { topology } = options;
    const emitText = (text: string) =>
      options.onEvent(`${clock.elapsedMs().toFixed(1)} ${host.name} ${text}`);
    this.crossings = new Crossings(host.name, options);
    // Without the time, so that a server that restarts may have the smallest.
    const treeKey = options.treeKey ?? digits(random);
    this.router = new WatchedRouter(
      host,
      options,
      this.crossings,
      treeKey,
      data?.watch,
    );
    this.#turns = new Turns(clock);
    const caughtUpWatch = new CaughtUpWatch(host.name, this.router, options);
    this.#linkManager = new LinkManager({
      self: findServer(topology, host.name)!,
      topology,
      router: this.router,
      clock,
      turns: this.#turns,
      counts: new LimitCounts(clock, () => {}),
      propagation: { add: () => {} },
      maxHalfOpenLinks: defaultMaxHalfOpenLinks,
      incarnation: digits(random),
      nonce: () => digits(random),
      prove: createFakeProver(options.secrets),
      timeoutMs: options.timeoutMs,
      connect: (neighbour, signal) =>
        host.connect(neighbour.host, neighbour.peerPort, signal),
      trafficLogFor: (connection) => this.crossings.watch(connection),
      emit: (_level, connection, event, { detail, neighbour, reason } = {}) => {
        emitText([connection, event, neighbour, reason, detail].join(" "));
        caughtUpWatch.onEvent(event, String(neighbour));
        const server = host.name;
        options.onServerEvent({ server, event, neighbour, reason });
      },
    });
    const open = () => {
      this.#closePort = host.listen(
        (transport, remote) => this.#linkManager.accept(transport, remote),
        findServer(topology, host.name)!.peerPort,
      );
      this.#linkManager.start();
      emitText("started");
    };
    if (data === undefined) {
      open();
    } else {
      this.#restore(data, options, emitText).then(open, (error) => {
        if (error instanceof SetupError) {
          emitText(error.message);
          return data.onRefused();
        }

        options.onViolation({ rule: "an exception", detail: `${error.stack}` });
      });
    }
  }

  /** Restores the records of a data folder, and keeps the new ones in it. */
  async #restore(
    { folder, minTailBytes, onRestored, syncMs, watch }: ServerFolder,
    options: ServerOptions,
    emitText: (text: string) => void,
  ): Promise<void> {
    const names = options.topology.servers.map(({ name }) => name);
    const { clock } = this.#host;
    const context = {
      folder,
      server: this.name,
      records: this.router,
      clock,
      turns: this.#turns,
      workload: new Workload(),
      emit: (_level: string, _from: string, event: string, fields = {}) =>
        emitText(`${event} ${JSON.stringify(fields)}`),
      syncMs,
      minTailBytes,
      forgetSeconds: forgetSecondsOf(options),
      findServer: new ServerNames(names).find,
      nowSeconds: () => clock.now().seconds,
    };
    const recovered = await recover(context);
    watch.onRestored(this.router, clock.now());
    onRestored();
    this.#storage = new Storage(context, recovered);
    await this.#storage.start(recovered);
  }

  /** Whether it has started, and does not stop. */
  get isOpen(): boolean {
    return this.#closePort !== undefined;
  }

  /** Stops it in an orderly way. */
  async stop(): Promise<void> {
    this.#closePort?.();
    this.#closePort = undefined;
    await this.#linkManager.stop();
    await this.#storage?.stop();
  }

  /** Accepts a report of a client. */
  report(iamat: Iamat, attributes?: ByteString): Report {
    const now = this.#host.clock.now();
    const report = makeReport(this.name, now, iamat, attributes);
    this.router.acceptOwn(report);
    this.router.onChunk();
    this.#linkManager.scheduleFlush();
    return report;
  }

  /** Accepts a record from a neighbour that is not linked any more. */
  receive(record: ByteString): void {
    this.router.accept(parseReport(record, () => true)!);
    this.#linkManager.scheduleFlush();
  }

  /** Forgets a client. Returns until when, or why not. */
  forget(client: ByteString): Timestamp | ForgetRefusal {
    const result = this.router.forget(client);
    this.#linkManager.scheduleFlush();
    return typeof result === "string" ? result : result.until;
  }

  /** The names of the linked neighbours. */
  get linked(): string[] {
    return this.#linkManager.linked();
  }

  /** The names of the neighbours with which it has caught up. */
  get caughtUp(): string[] {
    return this.linked.filter((name) => this.router.hasCaughtUpWith(name));
  }
}

function digits(random: Random): string {
  const parts = Array.from(
    { length: 4 },
    () => random.below(2 ** 32).toString(16).padStart(8, "0"),
  );
  return parts.join("");
}
