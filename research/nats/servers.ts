/**
 * Five servers of NATS in the shape of the herd. In a cluster of NATS each
 * server has a route to each other one, so nothing takes two hops. Leaf nodes
 * may form a tree of any depth, and the tree that a herd's reports of Hill take
 * is one: Smith's leaves are Hill, Campbell and Singleton, and Jaquez is Hill's.
 *
 * @module
 */
import type { Context } from "../../bench/context.ts";
import { freeBasePort, listening, Process } from "../../bench/processes.ts";
import type { Running } from "../../bench/propagation/herd.ts";
import { portsOf } from "../../bench/propagation/shape.ts";

/** Which server each is a leaf of; the hub comes first, and is none. */
const hubs: ReadonlyMap<string, string | undefined> = new Map([
  ["Smith", undefined],
  ["Hill", "Smith"],
  ["Campbell", "Smith"],
  ["Singleton", "Smith"],
  ["Jaquez", "Hill"],
]);

const program = "nats-server";

/** Whether there is NATS on this machine. */
export function isNatsInstalled(): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"] }).outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function configOf(name: string, basePort: number, folder: string): string {
  const { client, peer } = portsOf(name, basePort);
  const hub = hubs.get(name);
  const remotes = hub === undefined
    ? []
    : [{ url: `nats-leaf://127.0.0.1:${portsOf(hub, basePort).peer}` }];
  // The format of NATS's configuration takes JSON too.
  return JSON.stringify({
    server_name: name,
    listen: `127.0.0.1:${client}`,
    log_file: `${folder}/nats-${name}.log`,
    leafnodes: { listen: `127.0.0.1:${peer}`, remotes },
  });
}

/** Starts the servers; resolves when all listen. */
export async function startNats({ cores, folder }: Context): Promise<Running> {
  await using cleanup = new AsyncDisposableStack();
  const basePort = freeBasePort();
  for (const name of hubs.keys()) {
    const config = `${folder}/nats-${name}.conf`;
    await Deno.writeTextFile(config, configOf(name, basePort, folder));
    cleanup.use(
      new Process({ program, args: ["-c", config], cores: cores.servers }),
    );
    await listening(portsOf(name, basePort).client);
  }
  const running = cleanup.move();
  return {
    basePort,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
