/**
 * How much memory another client takes, and another connection.
 *
 * It is the growth of the resident memory of the process, garbage included,
 * divided by how many clients or connections were added. The server has
 * processed some updates before, so that its code is compiled. Its log is on;
 * the kernel's buffers for the log do not count.
 *
 * - client: 500,000 clients with IDs of 25 bytes, one report each. Redis keeps
 *   the same AT lines as strings.
 * - connection: 5,000 connections, or as many as the limit of open files allows.
 *   Each sends one update of the same client and is idle then.
 *
 * @module
 */
import { fill, startLoad } from "../loads.ts";
import type { Context, Measure } from "../measure.ts";
import { freeBasePort, type Process } from "../processes.ts";
import {
  herd,
  isInstalled,
  redisStrings,
  startSubject,
  type Subject,
} from "../subjects.ts";

const clients = 500_000;

const mostConnections = 5_000;

/** Descriptors that a process needs beside those of its connections. */
const spareDescriptors = 100;

/** Updates about one client before anything counts. */
const warmUpUpdates = 2_000;

/** How long a server may take to write its log and free memory, in ms. */
const settleMs = 1_000;

/** The hard limit of open files. Deno raises the soft limit to it. */
function maxOpenFiles(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const limit = limits.match(/^Max open files\s+\S+\s+(\d+)/m)?.[1];
  return limit === undefined ? Infinity : Number(limit);
}

async function memoryOf(server: Process): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return server.memoryBytes();
}

/** Starts a server, adds something to it, and returns by how much it grew. */
async function growthOf(
  context: Context,
  subject: Subject,
  cores: readonly number[],
  add: (port: number, cleanup: AsyncDisposableStack) => Promise<unknown>,
): Promise<number> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  const port = freeBasePort();
  const place = { port, folder, connections: mostConnections };
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startSubject(subject, place, cores));
  await fill(context.cores, subject.language, 1, warmUpUpdates, port);
  const before = await memoryOf(server);
  await add(port, cleanup);
  return await memoryOf(server) - before;
}

/** Takes the sample `client` of a subject. */
export async function measureClient(
  context: Context,
  subject: Subject,
  cores = context.cores.servers.slice(0, 1),
): Promise<void> {
  const { id, language } = subject;
  const growth = await growthOf(
    context,
    subject,
    cores,
    (port) => fill(context.cores, language, clients, 1, port),
  );
  context.add(id, "client", { bytesAClient: growth / clients });
}

/** Takes the sample `connection` of a subject. */
export async function measureConnection(
  context: Context,
  subject: Subject,
  cores = context.cores.servers.slice(0, 1),
): Promise<void> {
  const connections = Math.min(
    mostConnections,
    maxOpenFiles() - spareDescriptors,
  );
  if (connections < mostConnections) {
    console.error(
      `only ${connections} connections: raise the limit of open files ` +
        "(ulimit -Hn) for more",
    );
  }
  const growth = await growthOf(context, subject, cores, (port, cleanup) => {
    const program = "bench/load/hold.ts";
    const holder = startLoad(context.cores, program, connections, port);
    return cleanup.use(holder).untilPrinted(/^holding$/m);
  });
  context.add(subject.id, "connection", {
    bytesAConnection: growth / connections,
    connections,
  });
}

/** A client and a connection of the herd, and a client of Redis. */
export const memory: Measure = {
  name: "memory",
  async run(context) {
    await measureClient(context, herd);
    await measureConnection(context, herd);
    if (isInstalled(context, redisStrings)) {
      await measureClient(context, redisStrings);
    }
  },
};
