/**
 * An upgrade of a live herd: one server after the other is stopped and started
 * again, while phones report, ask, and move on when their server goes. Every
 * answer is checked as in the soak.
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
 * So many that some are with a server when it is stopped: that none is with any
 * of the five has a probability of 2 in 10^8.
 */
const phones = 16;

/** Administration ports are so far above clients' ports. */
const adminPortOffset = 200;

/** So many clients are reported once, before the first restart. */
const idleClients = 150;

/**
 * So many more make what a server has to catch up with long: one that says too
 * early that it is ready is asked before it knows them all.
 */
const crowd = 20_000;

/** They are reported so many at a time. Of each batch the last one is watched. */
const crowdBatch = 500;

/** What is waited for has come within this time, in milliseconds, or never. */
const patienceMs = 30_000;

/** Each server that is up answers so much between two steps. */
const answersBetweenSteps = 60;

/** What became of the herd. */
export interface Outcome {
  /** What was not as it has to be; empty if nothing was. */
  readonly failures: readonly string[];
  /** Answers that were right. */
  readonly answers: number;
  /** How often a phone had to move because its server went. */
  readonly moves: number;
}

/** An upgrade that is under way. */
class Upgrade {
  readonly world: World;
  /** The answers of each server so far. */
  readonly #answers = new Map<string, number>();
  moves = 0;

  constructor(seed: number, flags: readonly string[]) {
    this.world = new World(seed, ["--admin", ...flags]);
  }

  /** Restarts these servers, each when the one before it is ready. */
  async run(victims: readonly string[]): Promise<void> {
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
    for (const victim of victims) {
      await this.#restart(victim);
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

  /** Clients of whom nothing is heard later: only a server can tell another. */
  async #reportIdle(): Promise<void> {
    const { random } = this.world;
    for (const about of this.world.clients.slice(0, idleClients)) {
      const client = await this.#connect("idler", random.pick(names));
      await client!.ask(client!.report(about, drawTime(random, Date.now())));
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

  async #restart(victim: string): Promise<void> {
    const { world } = this;
    const others = names.filter((name) => name !== victim);
    await this.#untilAnswered(names);
    await this.#stop(victim);
    await this.#untilAnswered(others);
    const settled = await this.#untilSettled(others);
    const incarnation = await world.servers.start(victim);
    await this.#untilReady(victim);
    // From here on it must know all that the others have settled on.
    for (const line of settled.values()) keepNewer(incarnation.known, line);
    await tableOf(world, victim, [...settled.keys()]);
  }

  async #stop(name: string): Promise<void> {
    const { world } = this;
    const { status, tookMs } = await world.servers.end(name, "SIGTERM");
    checkStop(world, name, status, tookMs);
  }

  /**
   * Waits until these servers know all that any server has told so far; returns
   * it.
   */
  async #untilSettled(
    servers: readonly string[],
  ): Promise<ReadonlyMap<ByteString, ByteString>> {
    const { world } = this;
    const told = world.expected.required();
    await this.#until("what was told is not known to all", async () => {
      for (const name of servers) {
        const table = await tableOf(world, name, [...told.keys()]);
        const tables = new Map([[name, table]]);
        if (compareTables([...told.keys()], tables, told).length > 0) {
          return false;
        }
      }
      return true;
    });
    return told;
  }

  /** Waits until a server says itself that it is ready, as a balancer does. */
  async #untilReady(name: string): Promise<void> {
    const port = this.world.servers.portOf(name) + adminPortOffset;
    await this.#until(`${name} is not ready`, async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      const reason = await response.text();
      return response.status === 200 && reason === "ready\n";
    });
  }

  /** Waits until each of these servers has answered some more. */
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

  /** Stays with a server for a while, and moves on, at once when it goes. */
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
      // Whatever a server has told, all have to know in the end.
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
 * @param flags What every server is started with besides the usual.
 */
export async function upgrade(
  seed: number,
  victims: readonly string[],
  flags: readonly string[] = [],
): Promise<Outcome> {
  const upgrade = new Upgrade(seed, flags);
  const { counts, failures, servers } = upgrade.world;
  try {
    await Promise.race([upgrade.run(victims), servers.death]);
  } finally {
    await servers[Symbol.asyncDispose]();
    await Deno.remove(servers.folder, { recursive: true });
  }
  return { failures, answers: counts.answers, moves: upgrade.moves };
}
