/**
 * How much memory one more client takes, and one more connection.
 *
 * What is counted is the growth of the process's resident memory, all of it: the
 * table, the digests, what the heap has grown by, and garbage that nobody has
 * collected. A fresh server has first answered some updates about one client, so
 * that what the runtime sets up once and the compiled code are there before. The
 * log is on; what it writes belongs to the kernel, and is not counted.
 *
 * - client: 500,000 clients with IDs of 25 bytes, each reported once. Redis keeps
 *   the same AT lines as strings, with the same IDs as keys.
 * - connection: 5,000 connections, each used for one update of the same client,
 *   and idle from then on; fewer where the system does not allow as many.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { fill, startLoad } from "../loads.ts";
import { freeBasePort, Process } from "../processes.ts";
import { requirements, versionOf } from "../programs.ts";
import { startLoneServer } from "../servers.ts";
import { redisCommand, redisReady } from "../subjects.ts";

const clients = 500_000;

const mostConnections = 5_000;

/** Descriptors that a process needs besides those of its connections. */
const spareDescriptors = 100;

/** Updates about one client, before anything is counted. */
const warmUpUpdates = 2_000;

/** Time to write the log, and to give back what is not needed, in ms. */
const settleMs = 1_000;

const settle = () => new Promise((resolve) => setTimeout(resolve, settleMs));

/**
 * How many descriptors a program may have: the hard limit that it inherits, as
 * Deno raises the soft one to it.
 */
function maxOpenFiles(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const limit = limits.match(/^Max open files\s+\S+\s+(\d+)/m)?.[1];
  return limit === undefined ? Infinity : Number(limit);
}

async function measureClient(
  context: Context,
  subject: string,
  language: "iamat" | "set",
  server: Process,
  port: number,
): Promise<void> {
  await fill(context.cores, language, 1, warmUpUpdates, port);
  await settle();
  const before = server.memoryBytes();
  await fill(context.cores, language, clients, 1, port);
  await settle();
  context.add(subject, "client", {
    bytesAClient: (server.memoryBytes() - before) / clients,
  });
}

async function measureConnection(context: Context): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  await using server = await startLoneServer(context.cores, folder);
  const { port, process } = server;
  await fill(context.cores, "iamat", 1, warmUpUpdates, port);
  await settle();
  const before = process.memoryBytes();
  const connections = Math.min(
    mostConnections,
    maxOpenFiles() - spareDescriptors,
  );
  if (connections < mostConnections) {
    console.error(
      `only ${connections} connections: the limit of open files (ulimit -Hn) ` +
        "allows no more",
    );
  }
  await using holder = startLoad(
    context.cores,
    "bench/load/hold.ts",
    `${connections}`,
    `${port}`,
  );
  await holder.saying(/^holding$/m);
  await settle();
  context.add("herd", "connection", {
    bytesAConnection: (process.memoryBytes() - before) / connections,
    connections,
  });
}

/** A client, of the herd and of Redis, and a connection. */
export const memory: Measure = {
  name: "memory",
  title: "the memory that one more client takes, and one more connection",
  async run(context) {
    const { cores } = context;
    {
      const folder = await Deno.makeTempDir({ dir: context.folder });
      await using server = await startLoneServer(cores, folder);
      const { port, process } = server;
      await measureClient(context, "herd", "iamat", process, port);
    }
    await measureConnection(context);
    if (versionOf(requirements.redis) === undefined) {
      return context.missing("redis", requirements.redis.install);
    }
    const port = freeBasePort();
    await using redis = new Process({
      ...redisCommand(port, ["--appendonly", "no", "--dir", context.folder]),
      cores: cores.servers.slice(0, 1),
    });
    await redis.saying(redisReady);
    await measureClient(context, "redis", "set", redis, port);
  },
};
