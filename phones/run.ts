/**
 * A run of simulated phones: they live until they are told to end; meanwhile
 * some reports are followed through the herd, and in the end every server is
 * asked for what it knows of every phone. Connections, clock and chance are
 * passed in.
 *
 * @module
 */
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { Expectations } from "./expectations.ts";
import type { Phone } from "./phone.ts";
import { type PhoneContext, runPhone } from "./phone_loop.ts";
import { PropagationProbe } from "./propagation_probe.ts";
import { Requester } from "./requester.ts";
import { type Census, Results } from "./results.ts";
import { type ConnectTo, Servers } from "./servers.ts";

/** So many reports of a hundred are followed to another server. */
const followedShare = 0.05;

/** What is not known everywhere after this time is lost, in milliseconds. */
const settleMs = 10_000;

/** What is not known is asked for again after this time, in milliseconds. */
const askAgainMs = 50;

/** So many questions are under way at once on a connection. */
const pipelined = 16;

/** What a run needs. */
export interface RunOptions {
  readonly phones: readonly Phone[];
  /** The names of all servers. */
  readonly servers: readonly string[];
  readonly connect: ConnectTo;
  readonly clock: Clock;
  /** Draws which reports are followed, and to where. */
  readonly random: Random;
}

/** A run. `run` first, then `takeCensus`. */
export class Run {
  /** What came of it so far. */
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

  /** Connections that could not be made, and why not the last time. */
  get failures(): { readonly count: number; readonly last: string } {
    return { count: this.#servers.failures, last: this.#servers.lastFailure };
  }

  /** Lets the phones live until the signal; resolves when all have ended. */
  async run(end: AbortSignal): Promise<void> {
    const clock = this.#clock;
    const probe = new PropagationProbe(
      this.#servers,
      this.#requester,
      clock,
      this.#random,
      end,
    );
    const following = new Set<Promise<void>>();
    const context: PhoneContext = {
      phones: this.#phones,
      servers: this.#servers,
      requester: this.#requester,
      expectations: this.#expectations,
      results: this.results,
      clock,
      startMs: clock.elapsedMs(),
      end,
      onReport: (told, id, line) => {
        if (!this.#random.chance(followedShare)) return;
        const followed = probe.follow(told, id, line, this.results)
          .finally(() => following.delete(followed));
        following.add(followed);
      },
    };
    await Promise.all(this.#phones.map((phone) => runPhone(phone, context)));
    await Promise.all(following);
    await probe.close();
  }

  /** Asks every server for every phone's newest report. */
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

  /** How many phones' newest reports it lacks; undefined if it is silent. */
  async #countLost(server: string): Promise<number | undefined> {
    const connection = await this.#servers.connect(server);
    if (connection === undefined) return undefined;
    const clock = this.#clock;
    const startMs = clock.elapsedMs();
    try {
      let missing = [...this.#expectations.newest];
      while (true) {
        const left: typeof missing = [];
        for (let at = 0; at < missing.length; at += pipelined) {
          const some = missing.slice(at, at + pipelined);
          const known = await Promise.all(
            some.map(([id, line]) =>
              this.#requester.hasReport(connection, server, id, line)
            ),
          );
          // What is wrong is counted as that, and not asked for again.
          left.push(...some.filter((_, index) => known[index] === false));
        }
        missing = left;
        const isOver = clock.elapsedMs() - startMs >= settleMs;
        if (missing.length === 0 || isOver) return missing.length;
        await sleep(clock, askAgainMs, new AbortController().signal);
      }
    } catch {
      // The connection is lost.
      return undefined;
    } finally {
      connection.abort();
    }
  }
}
