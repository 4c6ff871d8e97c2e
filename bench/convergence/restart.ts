/**
 * How long a server that was killed takes until it knows what it knew: from
 * running `deno` until its administration port says that it is ready, which is
 * when it has caught up with its neighbours.
 *
 * @module
 */
import type { Context } from "../context.ts";
import { fill } from "../loads.ts";
import type { Process } from "../processes.ts";
import { median } from "../results.ts";
import {
  type RunningHerd,
  serverNames,
  startHerd,
  startServer,
} from "../servers.ts";

/** Who is killed; it has two neighbours. */
const victim = "Campbell";

/** How often the port is asked: asking is work for the server, too. */
const askEveryMs = 5;

/** What no herd may take longer for, in milliseconds. */
const timeoutMs = 20_000;

const flags = ["--admin"];

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!await holds()) {
    if (performance.now() > endMs) {
      throw new Error(`a herd took longer than ${timeoutMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

/** A herd one of whose servers is killed and started again. */
export class RestartedHerd implements AsyncDisposable {
  readonly #context: Context;
  readonly #herd: RunningHerd;
  readonly #folder: string;
  #victim: Process;

  private constructor(context: Context, herd: RunningHerd, folder: string) {
    this.#context = context;
    this.#herd = herd;
    this.#folder = folder;
    this.#victim = herd.processes[serverNames.indexOf(victim)];
  }

  /** Starts the servers; resolves when they are linked. */
  static async start(context: Context): Promise<RestartedHerd> {
    const folder = await Deno.makeTempDir({ dir: context.folder });
    const herd = await startHerd(context.cores, folder, serverNames, flags);
    return new RestartedHerd(context, herd, folder);
  }

  /** Tells the herd of so many clients; resolves when all servers know them. */
  async fill(clients: number): Promise<void> {
    const { basePort } = this.#herd;
    await fill(this.#context.cores, "iamat", clients, 1, basePort);
    for (const name of serverNames) {
      await until(async () => await this.#clientsAt(name) === clients);
    }
  }

  /** How long the one takes that is killed, in ms: the median of some times. */
  async measure(clients: number, restarts: number): Promise<number> {
    const times: number[] = [];
    for (let restart = 0; restart < restarts; restart++) {
      times.push(await this.#restart(clients));
    }
    return median(times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#victim[Symbol.asyncDispose]();
    await this.#herd[Symbol.asyncDispose]();
  }

  async #restart(clients: number): Promise<number> {
    this.#victim.signal("SIGKILL");
    await this.#victim.output();
    const folder = await Deno.makeTempDir({ dir: this.#folder });
    const startMs = performance.now();
    const starting = startServer(
      victim,
      this.#herd.basePort,
      folder,
      this.#context.cores.servers,
      flags,
    ).then((server) => this.#victim = server);
    const ready = until(() => this.#isReady(victim))
      .then(() => performance.now() - startMs);
    const [tookMs] = await Promise.all([ready, starting]);
    const found = await this.#clientsAt(victim);
    if (found !== clients) {
      throw new Error(`${victim} knows ${found} clients, not ${clients}`);
    }
    return tookMs;
  }

  #adminUrl(name: string, path: string): string {
    const port = this.#herd.basePort + 200 + serverNames.indexOf(name);
    return `http://127.0.0.1:${port}${path}`;
  }

  async #isReady(name: string): Promise<boolean> {
    try {
      const response = await fetch(this.#adminUrl(name, "/readyz"));
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      // It does not listen yet.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  async #clientsAt(name: string): Promise<number> {
    const response = await fetch(this.#adminUrl(name, "/status.json"));
    const { servers: [{ clients }] } = await response.json();
    return clients;
  }
}
