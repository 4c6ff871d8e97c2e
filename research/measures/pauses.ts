/**
 * What the garbage collector costs a server under a load of 50x16: how often and
 * for how long it stops the program, and beside it what the server makes of the
 * load meanwhile.
 *
 * Counted is what stops the thread that serves, and nothing that is done beside
 * it:
 *
 * - `herd` and `node`: V8's scavenges, its mark-compacts and the steps in which it
 *   marks before them, from `--trace-gc`. A step has no time of its own, so there
 *   is a mean and no median.
 * - `asyncio`: the runs of CPython's cyclic collector, from its own callbacks.
 *   What counting references takes is spread over all the program, and not here.
 * - `java`: the collector that the JVM takes by itself, which on one core is
 *   Serial; `java-g1`; `java-zgc`, without generations. From the log of
 *   safepoints, as it has the time until all threads stand still too; and where
 *   a thread had to wait for memory, from the collector's log. All three may have
 *   512 MiB: ZGC first fills a good part of what it may have, and with a fourth of
 *   the machine it would not collect once in a few seconds.
 *
 * What a collector does on threads beside the program has its price here too: all
 * share one core, and it is in `serverCpuUs` and `updatesPerSecond`.
 *
 * Only what was measured counts, not the warm-up, and not the last 50 ms: V8
 * tells times since its own start, which is so much after the program's at most.
 * A pause counts if it ended within that time.
 *
 * @module
 */
import type { Context, Measure } from "../../bench/context.ts";
import { runLoad } from "../../bench/loads.ts";
import { freeBasePort } from "../../bench/processes.ts";
import {
  isInstalled,
  startSubject,
  subjectNamed,
  type Wrap,
} from "../../bench/start_subject.ts";
import { readJavaLog, readPythonLog, readV8Log } from "../pauses/logs.ts";
import { type Stop, sumStops } from "../pauses/stops.ts";

const [connections, depth] = [50, 16];

/** Servers start, and compile what is hot, for so long, in seconds. */
const maxWarmUpSeconds = 1;

/** How far a runtime's clock may be behind ours, in milliseconds. */
const clockErrorMs = 50;

/** Where a JVM writes its log of collections, in the folder of its server. */
const javaLog = "collections.log";

/** What one left behind once it has ended. */
interface Left {
  /** All that it printed. */
  readonly output: string;
  readonly folder: string;
  /** When its program was started, in milliseconds since 1970. */
  readonly startedMs: number;
}

/** Somebody whose pauses are counted. */
interface Watched {
  readonly id: string;
  /** The subject of `updates` that it is, started in another way. */
  readonly server: string;
  readonly wrap: (folder: string) => Wrap;
  readonly stops: (left: Left) => Stop[];
}

function java(id: string, ...flags: readonly string[]): Watched {
  return {
    id,
    server: "java",
    wrap: (folder) => (command) => ({
      ...command,
      args: [
        "-Xmx512m",
        ...flags,
        `-Xlog:safepoint,gc:file=${folder}/${javaLog}:timemillis`,
        ...command.args,
      ],
    }),
    stops: ({ folder }) =>
      readJavaLog(Deno.readTextFileSync(`${folder}/${javaLog}`)),
  };
}

const watched: readonly Watched[] = [
  {
    id: "herd",
    server: "herd",
    wrap: () => ({ args: [run, ...args], ...command }) => ({
      ...command,
      args: [run, "--v8-flags=--trace-gc", ...args],
    }),
    stops: ({ output, startedMs }) => readV8Log(output, startedMs),
  },
  {
    id: "node",
    server: "node",
    wrap: () => (command) => ({
      ...command,
      args: ["--trace-gc", ...command.args],
    }),
    stops: ({ output, startedMs }) => readV8Log(output, startedMs),
  },
  {
    id: "asyncio",
    server: "asyncio",
    wrap: () => (command) => ({
      ...command,
      args: ["research/pauses/watch_collector.py", ...command.args],
    }),
    stops: ({ output }) => readPythonLog(output),
  },
  java("java"),
  java("java-g1", "-XX:+UseG1GC"),
  java("java-zgc", "-XX:+UseZGC"),
];

const bytesAMiB = 1024 * 1024;

/** A server under load, to its end; and what it took meanwhile. */
async function load(context: Context, { id, server, wrap }: Watched) {
  const { cores, secondsAPoint } = context;
  const folder = `${context.folder}/${id}`;
  await Deno.mkdir(folder);
  const port = freeBasePort();
  const startedMs = Date.now();
  await using process = await startSubject(
    subjectNamed(server),
    { port, folder, connections },
    cores.servers.slice(0, 1),
    wrap(folder),
  );
  // What it prints has to be read meanwhile: a full pipe would stop it.
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

/** The pauses of the herd, of rivals, and of Java with three collectors. */
export const pauses: Measure = {
  name: "pauses",
  title: "how often and for how long garbage collection stops a server",
  async run(context) {
    for (const one of watched) {
      const { needs } = subjectNamed(one.server);
      if (isInstalled(context, { id: one.id, needs })) {
        await measure(context, one);
      }
    }
  },
};
