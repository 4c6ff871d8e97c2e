/**
 * Loads under measurement: the load generator on its core, and what it cost the
 * servers meanwhile.
 *
 * @module
 */
import type { LoadReport } from "./load/load.ts";
import type { Language } from "./load/requests.ts";
import { type Cores, Process } from "./processes.ts";

/** What to send, and where. */
export interface Load {
  readonly language: Language;
  /** To each of the ports. */
  readonly connections: number;
  /** Requests on their way at any time, on each connection. */
  readonly depth: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly ports: readonly number[];
}

/** What came of a load after its warm-up. */
export interface LoadOutcome extends LoadReport {
  readonly answersPerSecond: number;
  /** CPU time of the servers, all together, in microseconds an answer. */
  readonly serverCpuUs: number;
}

const usPerSecond = 1_000_000;

/** A program of `load/` or one like it, on the core for loads. */
export function startLoad(cores: Cores, ...args: readonly string[]): Process {
  return new Process({
    program: Deno.execPath(),
    args: ["run", "--allow-ffi", ...args],
    cores: cores.load,
  });
}

/** Half a million clients are many for servers that share a core, in ms. */
const fillTimeoutMs = 60_000;

/** Sends each client's update so often; resolves when all are answered. */
export async function fill(
  cores: Cores,
  language: "iamat" | "set",
  clients: number,
  times: number,
  port: number,
): Promise<void> {
  await using filler = startLoad(
    cores,
    "bench/load/fill.ts",
    language,
    ...[clients, times, port].map(String),
  );
  await filler.untilPrinted(/^filled$/m, fillTimeoutMs);
}

/** Runs the load generator on servers; resolves when it has ended. */
export async function runLoad(
  cores: Cores,
  load: Load,
  servers: readonly Process[],
): Promise<LoadOutcome> {
  const { connections, depth, language, ports, seconds, warmUpSeconds } = load;
  const numbers = [connections, depth, warmUpSeconds, seconds, ...ports];
  await using generator = startLoad(
    cores,
    "bench/load/load.ts",
    language,
    ...numbers.map(String),
  );
  const { cpu, report } = await watch(generator, servers);
  if (report.answers === 0) throw new Error("nothing was answered");
  return {
    ...report,
    answersPerSecond: report.answers / report.seconds,
    serverCpuUs: cpu * usPerSecond / report.answers,
  };
}

/** Waits for a load's end; returns the servers' CPU seconds besides. */
async function watch(generator: Process, servers: readonly Process[]) {
  try {
    await generator.untilPrinted(/^measuring$/m);
    const before = cpuSeconds(servers);
    const [json] = await generator.untilPrinted(/^\{.*\}$/m);
    const report: LoadReport = JSON.parse(json);
    return { cpu: cpuSeconds(servers) - before, report };
  } catch (cause) {
    // What the generator met it has said on stderr.
    throw new Error("the load was cut off", { cause });
  }
}

function cpuSeconds(servers: readonly Process[]): number {
  return servers.reduce((sum, server) => sum + server.cpuSeconds(), 0);
}
