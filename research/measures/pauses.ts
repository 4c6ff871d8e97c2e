/**
 * How often and how long garbage collection stops a server under a load of
 * 50x16, and how fast the server is meanwhile.
 *
 * Only stops of the thread that serves count:
 *
 * - `herd` and `node`: V8's scavenges, mark-compacts and steps of marking, from
 *   `--trace-gc`. The log has no time of a single step, so there is a mean and no
 *   median.
 * - `asyncio`: the runs of CPython's cyclic collector, from its callbacks. The
 *   time of counting references is spread over the program and does not count.
 * - `java`: Serial, which is the JVM's default on one core; `java-g1`;
 *   `java-zgc`, without generations. Stops come from the log of safepoints, which
 *   includes the time until all threads stand still, and from the collector's log
 *   where a thread waited for memory. Each has a heap of 512 MiB: with a fourth
 *   of the machine's memory ZGC would not collect at all in a few seconds.
 *
 * The work of a collector's own threads is in `serverCpuUs` and
 * `updatesPerSecond`, because all threads share one core.
 *
 * The warm-up does not count, nor the last 50 ms: V8 logs times since its own
 * start, which is at most this much after the program's. A stop counts if it
 * ended within the remaining time.
 *
 * @module
 */
import { runLoad } from "../../bench/loads.ts";
import type { Context, Measure } from "../../bench/measure.ts";
import { freeBasePort } from "../../bench/processes.ts";
import {
  herd,
  isInstalled,
  startSubject,
  type Subject,
} from "../../bench/subjects.ts";
import { readJavaLog, readPythonLog, readV8Log } from "../pauses/logs.ts";
import { type Stop, sumStops } from "../pauses/stops.ts";
import { asyncio, java, node, withArgs } from "../subjects.ts";

const [connections, depth] = [50, 16];

/** The longest warm-up, in which servers compile their code, in seconds. */
const maxWarmUpSeconds = 1;

/** How far the clock of a runtime's log may be behind, in milliseconds. */
const clockErrorMs = 50;

/** The name of a JVM's log of collections, in the folder of its server. */
const javaLog = "collections.log";

/** The traces of a server that has ended. */
interface Traces {
  /** Everything that it printed. */
  readonly output: string;
  readonly folder: string;
  /** When it was started, in milliseconds since 1970. */
  readonly startedMs: number;
}

/** A server whose pauses are counted. */
interface Watched {
  readonly id: string;
  /** The subject, started with a log of collections. */
  readonly server: Subject;
  readonly stops: (traces: Traces) => Stop[];
}

function watchedJava(id: string, ...flags: readonly string[]): Watched {
  return {
    id,
    server: withArgs(java, (args, { folder }) => [
      "-Xmx512m",
      ...flags,
      `-Xlog:safepoint,gc:file=${folder}/${javaLog}:timemillis`,
      ...args,
    ]),
    stops: ({ folder }) =>
      readJavaLog(Deno.readTextFileSync(`${folder}/${javaLog}`)),
  };
}

const watched: readonly Watched[] = [
  {
    id: "herd",
    server: withArgs(
      herd,
      ([run, ...args]) => [run, "--v8-flags=--trace-gc", ...args],
    ),
    stops: ({ output, startedMs }) => readV8Log(output, startedMs),
  },
  {
    id: "node",
    server: withArgs(node, (args) => ["--trace-gc", ...args]),
    stops: ({ output, startedMs }) => readV8Log(output, startedMs),
  },
  {
    id: "asyncio",
    server: withArgs(
      asyncio,
      (args) => ["research/pauses/watch_collector.py", ...args],
    ),
    stops: ({ output }) => readPythonLog(output),
  },
  watchedJava("java"),
  watchedJava("java-g1", "-XX:+UseG1GC"),
  watchedJava("java-zgc", "-XX:+UseZGC"),
];

const bytesAMiB = 1024 * 1024;

/** Runs a server under load, and stops it. */
async function load(context: Context, { id, server }: Watched) {
  const { cores, secondsAPoint } = context;
  const folder = `${context.folder}/${id}`;
  await Deno.mkdir(folder);
  const port = freeBasePort();
  const startedMs = Date.now();
  await using process = await startSubject(
    server,
    { port, folder, connections },
    cores.servers.slice(0, 1),
  );
  // Its output is read meanwhile, because a full pipe would stop it.
  const output = process.output();
  const outcome = await runLoad(cores, {
    language: "iamat",
    connections,
    depth,
    warmUpSeconds: Math.min(maxWarmUpSeconds, secondsAPoint),
    seconds: secondsAPoint,
    ports: [port],
  }, [process]);
  const memoryMiB = process.memoryBytes() / bytesAMiB;
  return { outcome, memoryMiB, folder, startedMs, output };
}

async function measure(context: Context, one: Watched): Promise<void> {
  const { folder, memoryMiB, outcome, output, startedMs } = await load(
    context,
    one,
  );
  const stops = one.stops({ output: await output, folder, startedMs });
  const { answersPerSecond, beganMs, seconds, serverCpuUs } = outcome;
  const endMs = beganMs + seconds * 1000 - clockErrorMs;
  const { longestMs, meanMs, pausedShare, pausesPerSecond } = sumStops(
    stops,
    beganMs,
    endMs,
  );
  context.add(one.id, `${connections}x${depth}`, {
    longestMs,
    meanMs,
    pausesPerSecond,
    pausedShare,
    updatesPerSecond: answersPerSecond,
    serverCpuUs,
    memoryMiB,
  });
  await Deno.remove(folder, { recursive: true });
}

/** The herd, rivals, and Java with three collectors. */
export const pauses: Measure = {
  name: "pauses",
  async run(context) {
    for (const one of watched) {
      const { id, server: { needs } } = one;
      if (isInstalled(context, { id, needs })) await measure(context, one);
    }
  },
};
