/**
 * The load generator: a program of its own, so that it has a core of its own.
 * Keeps connections busy for a while, and prints what it saw as JSON.
 *
 *     load.ts LANGUAGE CONNECTIONS DEPTH WARM_UP_SECONDS SECONDS PORT...
 *
 * With several ports, each gets as many connections.
 *
 * @module
 */
import process from "node:process";
import { createLatencies } from "./latencies.ts";
import { LoadConnection } from "./load_connection.ts";
import type { Language } from "./requests.ts";
import { type Descriptor, Poller } from "./system.ts";

/** What a load saw after its warm-up. */
export interface LoadReport {
  readonly answers: number;
  readonly seconds: number;
  /** When it began, in milliseconds since 1970. */
  readonly beganMs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** The share of the time that the generator itself was at work, 0 to 1. */
  readonly busyShare: number;
}

/** Replies are looked for this long before the time is looked at again. */
const waitMs = 10;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function run(
  askers: ReadonlyMap<Descriptor, LoadConnection>,
  poller: Poller,
  seconds: number,
): LoadReport {
  const latencies = createLatencies();
  const beganMs = Date.now();
  const startMs = performance.now();
  const startCpuMs = cpuMs();
  const onReadable = (descriptor: Descriptor) =>
    askers.get(descriptor)!.answer(latencies);
  while (performance.now() - startMs < seconds * 1000) {
    poller.wait(waitMs, onReadable);
  }
  const tookMs = performance.now() - startMs;
  return {
    answers: latencies.count,
    seconds: tookMs / 1000,
    beganMs,
    p50Us: latencies.quantile(0.5) ?? NaN,
    p99Us: latencies.quantile(0.99) ?? NaN,
    p999Us: latencies.quantile(0.999) ?? NaN,
    busyShare: (cpuMs() - startCpuMs) / tookMs,
  };
}

if (import.meta.main) {
  const [language, ...rest] = Deno.args;
  const [connections, depth, warmUpSeconds, seconds, ...ports] = rest.map(
    Number,
  );
  using poller = new Poller();
  const askers = new Map<Descriptor, LoadConnection>();
  for (const port of ports) {
    for (let index = 0; index < connections; index++) {
      const connection = new LoadConnection(
        port,
        language as Language,
        askers.size,
        depth,
      );
      askers.set(connection.descriptor, connection);
      poller.add(connection.descriptor);
    }
  }
  // Deno's event loop is not needed, and would not get to run.
  for (const connection of askers.values()) connection.start();
  run(askers, poller, warmUpSeconds);
  console.log("measuring");
  console.log(JSON.stringify(run(askers, poller, seconds)));
}
