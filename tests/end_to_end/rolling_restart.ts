/**
 * A rolling restart under load: servers are stopped and started again one by
 * one, while phones report, query, and reconnect when their server stops.
 * Answers are checked as in the soak.
 *
 * @module
 */
import { Client } from "../soak/client.ts";
import { checkStop } from "../soak/faults.ts";
import { keepNewer } from "../soak/expected_reports.ts";
import { tableOf, untilHealed, untilLinked } from "../soak/run.ts";
import { compareTables } from "../soak/tables.ts";
import {
  drawInvalid,
  drawQueryOperands,
  drawTime,
  positionAt,
} from "../soak/random_lines.ts";
import { pause, World } from "../soak/world.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";
import { ask, names } from "./process.ts";

/**
 * The number of phones. With a probability of 2 in 10^8, none of them is
 * connected to any of the five servers when it is stopped.
 */
const phones = 16;

/** Distance of administration ports to client ports. */
const adminPortOffset = 200;

/** The number of clients that report once, before the first restart. */
const idleClients = 150;

/**
 * The number of further clients. They make catching up long, so that a server
 * that is ready too early is queried before it has all reports.
 */
const crowd = 20_000;

/** Reports of the crowd that are sent together. The last one is expected. */
const crowdBatch = 500;

/** Longest time to wait for a condition, in milliseconds. */
const patienceMs = 30_000;

/** Answers of each running server between two steps. */
const answersBetweenSteps = 60;

/** The results of a rolling restart. */
export interface Outcome {
  /** Empty if there were none. */
  readonly failures: readonly string[];
  /** The number of correct answers. */
  readonly answers: number;
  /** How often a phone reconnected because its server stopped. */
  readonly moves: number;
}

/** A rolling restart. */
class RollingRestart {
  readonly world: World;
  /** The number of answers of each server so far. */
  readonly #answers = new Map<string, number>();
  moves = 0;

  constructor(seed: number, flags: readonly string[]) {
    this.world = new World(seed, ["--admin", ...flags]);
  }

  /** Restarts these servers, each when the previous one is ready. */
  async run(restarted: readonly string[]): Promise<void> {
    const { world } = this;
    const { servers } = world;
    await Promise.all([
      world.load(),
      ...names.map((name) => servers.start(name)),
    ]);
    await untilLinked(world);
    await this.#reportCrowd();
    await this.#reportIdle();
    const load = Array.from(
      { length: phones },
      () => this.#phone(world.random.fork()),
    );
    for (const name of restarted) {
      await this.#restart(name);
      if (world.failureCount > 0) break;
    }
    world.endLoad();
    await Promise.all(load);
    if (world.failureCount === 0) await untilHealed(world);
    for (const name of names) {
      if (servers.incarnation(name) !== undefined) await this.#stop(name);
    }
    for (const { program, server } of servers.incarnations) {
      if (program.stderr !== "") world.fail(`${server}: ${program.stderr}`);
    }
  }

  /** Reports clients that do not report again: only catch-up restores these. */
  async #reportIdle(): Promise<void> {
    const { random } = this.world;
    for (const about of this.world.clients.slice(0, idleClients)) {
      const client = await this.#connect("idler", random.pick(names));
      const time = drawTime(random, Date.now());
      await client!.request(client!.report(about, time));
      await client!.finish();
    }
  }

  async #reportCrowd(): Promise<void> {
    const { expected, servers } = this.world;
    for (let first = 0; first < crowd; first += crowdBatch) {
      const reports = Array.from(
        { length: crowdBatch },
        (_, index) => `IAMAT crowd-${first + index} ${positionAt("1")} 1\n`,
      );
      const answer = await ask(servers.portOf(names[0]), reports.join(""));
      expected.recordAtAnchor(answer.trimEnd().split("\n").at(-1)!);
    }
  }

  async #restart(name: string): Promise<void> {
    const { world } = this;
    const others = names.filter((other) => other !== name);
    await this.#untilAnswered(names);
    await this.#stop(name);
    await this.#untilAnswered(others);
    const spread = await this.#untilSpread(others);
    const incarnation = await world.servers.start(name);
    await this.#untilReady(name);
    // Now its answers must have these reports or newer ones.
    for (const line of spread.values()) keepNewer(incarnation.known, line);
    await tableOf(world, name, [...spread.keys()]);
  }

  async #stop(name: string): Promise<void> {
    const { world } = this;
    const { status, tookMs } = await world.servers.end(name, "SIGTERM");
    checkStop(world, name, status, tookMs);
  }

  /**
   * Waits until these servers have all reports that any server has answered so
   * far. Returns these reports.
   */
  async #untilSpread(
    servers: readonly string[],
  ): Promise<ReadonlyMap<ByteString, ByteString>> {
    const { world } = this;
    const required = world.expected.required();
    const clients = [...required.keys()];
    await this.#until("not all servers have all reports", async () => {
      for (const name of servers) {
        const table = await tableOf(world, name, clients);
        const tables = new Map([[name, table]]);
        if (compareTables(clients, tables, required).length > 0) return false;
      }
      return true;
    });
    return required;
  }

  /** Waits until `/readyz` of a server says that it is ready. */
  async #untilReady(name: string): Promise<void> {
    const port = this.world.servers.portOf(name) + adminPortOffset;
    await this.#until(`${name} is not ready`, async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      const reason = await response.text();
      return response.status === 200 && reason === "ready\n";
    });
  }

  /**
   * Waits until each of these servers has answered `answersBetweenSteps` more.
   */
  async #untilAnswered(servers: readonly string[]): Promise<void> {
    const answered = (name: string) => this.#answers.get(name) ?? 0;
    const goals = servers.map((name) => answered(name) + answersBetweenSteps);
    await this.#until(
      "not all servers answer",
      () => servers.every((name, index) => answered(name) >= goals[index]),
    );
  }

  async #until(
    failure: string,
    condition: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const startMs = performance.now();
    while (!await condition() && this.world.failureCount === 0) {
      if (performance.now() - startMs > patienceMs) {
        return this.world.fail(`${failure} after ${patienceMs / 1000} s`);
      }
      await pause(20);
    }
  }

  /** Uses one server for a while, then another; at once if the server stops. */
  async #phone(random: Random): Promise<void> {
    const { loadEnd } = this.world;
    while (!loadEnd.aborted) {
      const client = await this.#connect("phone", random.pick(names));
      if (client === undefined) {
        await pause(20, loadEnd);
        continue;
      }
      const rounds = 1 + random.below(40);
      for (let round = 0; round < rounds && !loadEnd.aborted; round++) {
        if (!await client.request(this.#drawLines(random, client))) {
          this.moves += 1;
          break;
        }
        await pause(random.between(0, 100), loadEnd);
      }
      await client.finish();
    }
  }

  async #connect(kind: string, server: string): Promise<Client | undefined> {
    const client = await Client.connect(this.world, kind, server);
    if (client === undefined) return undefined;
    client.onAnswer = (line) => {
      this.#answers.set(server, (this.#answers.get(server) ?? 0) + 1);
      // At the end all servers must have this report or a newer one.
      if (line.startsWith("AT ")) this.world.expected.recordAtAnchor(line);
    };
    return client;
  }

  #drawLines(random: Random, client: Client): ByteString {
    const { clients } = this.world;
    let text = "";
    for (let line = random.below(8); line >= 0; line--) {
      const about = random.pick(clients);
      const kind = random.next();
      if (kind < 0.5) {
        const reported = clients.slice(idleClients);
        const time = drawTime(random, Date.now());
        text += client.report(random.pick(reported), time);
      } else if (kind < 0.9) {
        text += client.query(about, ...drawQueryOperands(random));
      } else text += client.invalid(drawInvalid(random, about));
    }
    return text;
  }
}

/**
 * Runs a herd under load, and restarts these servers one by one.
 *
 * @param flags Additional flags of every server.
 */
export async function restartUnderLoad(
  seed: number,
  restarted: readonly string[],
  flags: readonly string[] = [],
): Promise<Outcome> {
  const restart = new RollingRestart(seed, flags);
  const { counts, failures, servers } = restart.world;
  try {
    await Promise.race([restart.run(restarted), servers.unexpectedEnd]);
  } finally {
    await servers[Symbol.asyncDispose]();
    await Deno.remove(servers.folder, { recursive: true });
  }
  return { failures, answers: counts.answers, moves: restart.moves };
}
