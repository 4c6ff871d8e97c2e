/**
 * Five servers of NATS in the shape of the herd, and how long a message takes
 * from one to another.
 *
 * In a cluster of NATS each server has a route to each other one, so that no
 * message takes two hops. Leaf nodes form a tree of any depth. Here it is the
 * tree of Hill's reports in the herd: the leaves of Smith are Hill, Campbell and
 * Singleton, and Jaquez is a leaf of Hill.
 *
 * @module
 */
import type { Context } from "../../bench/measure.ts";
import { measurePropagation } from "../../bench/measures/propagation.ts";
import { freeBasePort, Process } from "../../bench/processes.ts";
import { portsOf } from "../../bench/servers.ts";
import { isInstalled } from "../../bench/subjects.ts";
import { requirements } from "../programs.ts";

/** The server that each is a leaf of. The hub is the first. */
const hubs: ReadonlyMap<string, string | undefined> = new Map([
  ["Smith", undefined],
  ["Hill", "Smith"],
  ["Campbell", "Smith"],
  ["Singleton", "Smith"],
  ["Jaquez", "Hill"],
]);

function configOf(name: string, basePort: number, folder: string): string {
  const { client, peer } = portsOf(name, basePort);
  const hub = hubs.get(name);
  const remotes = hub === undefined
    ? []
    : [{ url: `nats-leaf://127.0.0.1:${portsOf(hub, basePort).peer}` }];
  // NATS reads JSON as well as its own format.
  return JSON.stringify({
    server_name: name,
    listen: `127.0.0.1:${client}`,
    log_file: `${folder}/nats-${name}.log`,
    leafnodes: { listen: `127.0.0.1:${peer}`, remotes },
  });
}

/** Resolves when a program listens on a port. */
async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`no program listens on port ${port}`);
}

/** Takes the samples of NATS. */
export async function measureNats(context: Context): Promise<void> {
  if (!isInstalled(context, { id: "nats", needs: requirements.nats })) return;
  const { cores, folder } = context;
  await using cleanup = new AsyncDisposableStack();
  const basePort = freeBasePort();
  for (const name of hubs.keys()) {
    const config = `${folder}/nats-${name}.conf`;
    await Deno.writeTextFile(config, configOf(name, basePort, folder));
    cleanup.use(
      new Process({
        program: "nats-server",
        args: ["-c", config],
        cores: cores.servers,
      }),
    );
    await untilListening(portsOf(name, basePort).client);
  }
  await measurePropagation(context, "nats", basePort, "research/nats");
}
