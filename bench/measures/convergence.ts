/**
 * How soon a herd recovers after a fault.
 *
 * - server killed, server frozen: how long the slowest update takes from Hill to
 *   Campbell while Smith fails, through which the shortest path goes. No update
 *   may be lost. A frozen server is watched for longer than a link's timeout, in
 *   the first round only.
 * - clients: how long a killed server takes from its new start until it knows
 *   these clients again and is ready.
 *
 * @module
 */
import { fill, startLoad } from "../loads.ts";
import type { Context, Measure } from "../measure.ts";
import type { Process } from "../processes.ts";
import type { Outage } from "../propagation/outage_summary.ts";
import { median } from "../results.ts";
import {
  portsOf,
  type RunningHerd,
  serverNames,
  startHerd,
  startServer,
} from "../servers.ts";
import { startObservedHerd } from "./propagation.ts";

/** A fault of Smith. */
export interface Fault {
  readonly signal: Deno.Signal;
  /** How long updates are sent after it, in milliseconds. */
  readonly watchedMs: number;
}

const killed: Fault = { signal: "SIGKILL", watchedMs: 1_000 };

/** A link times out after five to seven seconds of silence. */
const frozen: Fault = { signal: "SIGSTOP", watchedMs: 8_000 };

/** How long probes are sent before the fault, in milliseconds. */
const beforeMs = 2_000;

/** Starts a herd, makes Smith fail, and measures the updates. */
export async function measureFault(
  context: Context,
  { signal, watchedMs }: Fault,
): Promise<Outage> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  await using herd = await startObservedHerd({ ...context, folder });
  const smith = herd.processes[serverNames.indexOf("Smith")];
  await using observer = startLoad(
    context.cores,
    ...["bench/propagation/outage.ts", herd.basePort, beforeMs, watchedMs],
  );
  const [, faultMs] = await observer.untilPrinted(/^fault at (\d+)$/m);
  const fail = () => smith.signal(signal);
  const timer = setTimeout(fail, Number(faultMs) - Date.now());
  try {
    return await observer.json();
  } finally {
    clearTimeout(timer);
    // A frozen process does not handle SIGTERM.
    smith.signal("SIGCONT");
  }
}

/** The server that is killed and started again. It has two neighbours. */
const restarted = "Campbell";

/** How many restarts to measure. Short ones vary most. */
const restarts = [
  { clients: 0, times: 3 },
  { clients: 1_000, times: 3 },
  { clients: 10_000, times: 1 },
  { clients: 100_000, times: 1 },
];

/** Time between two requests for a server's state, in milliseconds. */
const pollMs = 5;

/** How long a herd may take to reach a state, in milliseconds. */
const timeoutMs = 120_000;

const flags = ["--admin"];

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!await holds()) {
    if (performance.now() > endMs) {
      throw new Error(`a herd took longer than ${timeoutMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** A herd of which one server is killed and started again. */
export class RestartedHerd implements AsyncDisposable {
  readonly #context: Context;
  readonly #herd: RunningHerd;
  #server: Process;

  private constructor(context: Context, herd: RunningHerd) {
    this.#context = context;
    this.#herd = herd;
    this.#server = herd.processes[serverNames.indexOf(restarted)];
  }

  /** Starts the servers. Resolves when they are linked. */
  static async start(context: Context): Promise<RestartedHerd> {
    const folder = await Deno.makeTempDir({ dir: context.folder });
    const herd = await startHerd(context.cores, folder, serverNames, flags);
    return new RestartedHerd(context, herd);
  }

  /** Reports clients. Resolves when all servers know them. */
  async fill(clients: number): Promise<void> {
    const { basePort } = this.#herd;
    await fill(this.#context.cores, "iamat", clients, 1, basePort);
    for (const name of serverNames) {
      await until(async () => await this.#clientsAt(name) === clients);
    }
  }

  /** The median time of some restarts, in milliseconds. */
  async measure(clients: number, times: number): Promise<number> {
    const measured: number[] = [];
    for (let count = 0; count < times; count++) {
      measured.push(await this.#restart(clients));
    }
    return median(measured);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#herd[Symbol.asyncDispose]();
  }

  async #restart(clients: number): Promise<number> {
    const { cores: { servers }, folder: parent } = this.#context;
    this.#server.signal("SIGKILL");
    await this.#server.output();
    const folder = await Deno.makeTempDir({ dir: parent });
    const { basePort } = this.#herd;
    const startMs = performance.now();
    const starting = startServer(restarted, basePort, folder, servers, flags)
      .then((server) => this.#server = server);
    const ready = until(() => this.#isReady())
      .then(() => performance.now() - startMs);
    const [tookMs] = await Promise.all([ready, starting]);
    const found = await this.#clientsAt(restarted);
    if (found !== clients) {
      throw new Error(`${restarted} knows ${found} clients, not ${clients}`);
    }
    return tookMs;
  }

  #fetch(name: string, path: string): Promise<Response> {
    const { admin } = portsOf(name, this.#herd.basePort);
    return fetch(`http://127.0.0.1:${admin}${path}`);
  }

  async #isReady(): Promise<boolean> {
    try {
      const response = await this.#fetch(restarted, "/readyz");
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      // It does not listen yet.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  async #clientsAt(name: string): Promise<number> {
    const response = await this.#fetch(name, "/status.json");
    const { servers: [{ clients }] } = await response.json();
    return clients;
  }
}

/** Two faults, and restarts. */
export const convergence: Measure = {
  name: "convergence",
  async run(context) {
    const { add, round } = context;
    add("herd", "server killed", { ...await measureFault(context, killed) });
    if (round === 1) {
      add("herd", "server frozen", { ...await measureFault(context, frozen) });
    }
    await using herd = await RestartedHerd.start(context);
    for (const { clients, times } of restarts) {
      if (clients > 0) await herd.fill(clients);
      const readyMs = await herd.measure(clients, times);
      add("herd", `${clients} clients`, { readyMs });
    }
  },
};
