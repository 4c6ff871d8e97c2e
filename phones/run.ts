/**
 * A run of simulated phones. Meanwhile the propagation of some reports is
 * measured. At the end every server is queried for every phone's newest report.
 * Connections, clock and random numbers are passed in.
 *
 * @module
 */
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { Ending } from "./ending.ts";
import { Expectations } from "./expectations.ts";
import type { Phone } from "./phone.ts";
import { type PhoneContext, runPhone } from "./phone_loop.ts";
import { PropagationProbe } from "./propagation_probe.ts";
import { Requester } from "./requester.ts";
import { type Census, Results } from "./results.ts";
import { type ConnectTo, Servers } from "./servers.ts";

/** The share of reports whose propagation is measured. */
const measuredShare = 0.05;

/**
 * A report that a server lacks this long after the run is lost, in
 * milliseconds.
 */
const settleMs = 10_000;

/** Delay between two queries for a missing report, in milliseconds. */
const queryIntervalMs = 50;

/** Most concurrent queries on a connection. */
const maxPipelined = 16;

/** Options of a run. */
export interface RunOptions {
  readonly phones: readonly Phone[];
  /** The names of all servers. */
  readonly servers: readonly string[];
  readonly connect: ConnectTo;
  readonly clock: Clock;
  /** Selects the reports to measure, and the servers to query. */
  readonly random: Random;
}

/** A run. Call `run` and then `takeCensus`. */
export class Run {
  /** The results so far. */
  readonly results = new Results();
  readonly #phones: readonly Phone[];
  readonly #servers: Servers;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #expectations = new Expectations();
  readonly #requester: Requester;

  constructor({ clock, connect, phones, random, servers }: RunOptions) {
    this.#random = random;
    this.#phones = phones;
    this.#clock = clock;
    this.#servers = new Servers(servers, connect, clock);
    this.#requester = new Requester(
      servers,
      this.#expectations,
      this.results,
      clock,
    );
  }

  /** How many connections failed, and the last failure. */
  get failures(): { readonly count: number; readonly last: string } {
    return { count: this.#servers.failures, last: this.#servers.lastFailure };
  }

  /** Runs the phones until the signal aborts. Resolves when all have ended. */
  async run(end: AbortSignal): Promise<void> {
    const clock = this.#clock;
    const probe = new PropagationProbe(
      this.#servers,
      this.#requester,
      clock,
      this.#random,
      end,
    );
    const measurements = new Set<Promise<void>>();
    const context: PhoneContext = {
      phones: this.#phones,
      servers: this.#servers,
      requester: this.#requester,
      expectations: this.#expectations,
      results: this.results,
      clock,
      startMs: clock.elapsedMs(),
      ending: new Ending(end),
      onReport: (origin, id, line) => {
        if (!this.#random.chance(measuredShare)) return;
        const measurement = probe.measure(origin, id, line, this.results)
          .finally(() => measurements.delete(measurement));
        measurements.add(measurement);
      },
    };
    await Promise.all(this.#phones.map((phone) => runPhone(phone, context)));
    await Promise.all(measurements);
    await probe.close();
  }

  /** Queries every server for every phone's newest report. */
  async takeCensus(): Promise<Census> {
    const lost = await Promise.all(
      this.#servers.names.map((server) => this.#countLost(server)),
    );
    const names = this.#servers.names;
    return {
      reached: names.filter((_, index) => lost[index] !== undefined),
      silent: names.filter((_, index) => lost[index] === undefined),
      phones: this.#expectations.newest.size,
      lost: lost.reduce<number>((sum, count = 0) => sum + count, 0),
    };
  }

  /**
   * How many phones' newest reports a server lacks; undefined if it does not
   * answer.
   */
  async #countLost(server: string): Promise<number | undefined> {
    const connection = await this.#servers.connect(server);
    if (connection === undefined) return undefined;
    const clock = this.#clock;
    const startMs = clock.elapsedMs();
    try {
      let missing = [...this.#expectations.newest];
      while (true) {
        const stillMissing: typeof missing = [];
        for (let at = 0; at < missing.length; at += maxPipelined) {
          const batch = missing.slice(at, at + maxPipelined);
          const known = await Promise.all(
            batch.map(([id, line]) =>
              this.#requester.hasReport(connection, server, id, line)
            ),
          );
          // Wrong answers have been counted; their queries are not repeated.
          stillMissing.push(
            ...batch.filter((_, index) => known[index] === false),
          );
        }
        missing = stillMissing;
        const isOver = clock.elapsedMs() - startMs >= settleMs;
        if (missing.length === 0 || isOver) return missing.length;
        await sleep(clock, queryIntervalMs, new AbortController().signal);
      }
    } catch {
      // The connection was lost.
      return undefined;
    } finally {
      connection.abort();
    }
  }
}
