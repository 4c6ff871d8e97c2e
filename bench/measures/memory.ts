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
 * The rivals run at the same time, each on one core, as one after the other they
 * would take half a minute: what they keep does not depend on how fast they are.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { fill, startLoad } from "../loads.ts";
import { freeBasePort, Process } from "../processes.ts";
import { requirements } from "../programs.ts";
import { isInstalled, startSubject, subjectNamed } from "../start_subject.ts";
import { redisCommand, redisReady, type Subject } from "../subjects.ts";

const clients = 500_000;

const mostConnections = 5_000;

/** Descriptors that a process needs besides those of its connections. */
const spareDescriptors = 100;

/** Updates about one client, before anything is counted. */
const warmUpUpdates = 2_000;

/** Time to write the log, and to give back what is not needed, in ms. */
const settleMs = 1_000;

const waitUntilSettled = () =>
  new Promise((resolve) => setTimeout(resolve, settleMs));

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
  await waitUntilSettled();
  const before = server.memoryBytes();
  await fill(context.cores, language, clients, 1, port);
  await waitUntilSettled();
  context.add(subject, "client", {
    bytesAClient: (server.memoryBytes() - before) / clients,
  });
}

async function measureConnection(
  context: Context,
  subject: string,
  process: Process,
  port: number,
): Promise<void> {
  await fill(context.cores, "iamat", 1, warmUpUpdates, port);
  await waitUntilSettled();
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
  await holder.untilPrinted(/^holding$/m);
  await waitUntilSettled();
  context.add(subject, "connection", {
    bytesAConnection: (process.memoryBytes() - before) / connections,
    connections,
  });
}

type MeasureOne = typeof measureConnection;

/** Starts a server of its own for a measurement. */
async function withServer(
  context: Context,
  subject: Subject,
  measure: MeasureOne,
  cores: readonly number[] = context.cores.servers.slice(0, 1),
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  const port = freeBasePort();
  const place = { port, folder, connections: mostConnections };
  await using server = await startSubject(subject, place, cores);
  await measure(context, subject.id, server, port);
}

const measureReports: MeasureOne = (context, subject, process, port) =>
  measureClient(context, subject, "iamat", process, port);

const bothPoints = [measureReports, measureConnection];

/** Rivals do not wait for each other; who fails does not keep the others. */
async function measureRivals(context: Context): Promise<void> {
  const cores = [...context.cores.servers, ...context.cores.load];
  const rivals = ["node", "asyncio", "java"].map(subjectNamed)
    .filter((rival) => isInstalled(context, rival));
  const outcomes = await Promise.allSettled(
    rivals.flatMap((rival, index) => {
      const turn = index % Math.max(1, cores.length);
      const own = cores.slice(turn, turn + 1);
      return bothPoints.map((measure) =>
        withServer(context, rival, measure, own)
      );
    }),
  );
  const failure = outcomes.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}

async function measureRedis(context: Context): Promise<void> {
  const { cores, folder } = context;
  if (!isInstalled(context, { id: "redis", needs: requirements.redis })) return;
  const port = freeBasePort();
  await using redis = new Process({
    ...redisCommand(port, ["--appendonly", "no", "--dir", folder]),
    cores: cores.servers.slice(0, 1),
  });
  await redis.untilPrinted(redisReady);
  await measureClient(context, "redis", "set", redis, port);
}

/** A client and a connection, of the herd and of rivals, and a client of Redis. */
export const memory: Measure = {
  name: "memory",
  title: "the memory that one more client takes, and one more connection",
  async run(context) {
    for (const measure of bothPoints) {
      await withServer(context, subjectNamed("herd"), measure);
    }
    await measureRedis(context);
    await measureRivals(context);
  },
};
