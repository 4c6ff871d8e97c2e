/**
 * Runs the programs of `load/` on the load generator's core.
 *
 * @module
 */
import type { LoadReport } from "./load/load.ts";
import type { Language } from "./load/requests.ts";
import { type Cores, Process } from "./processes.ts";

/** The requests to send, and where. */
export interface Load {
  readonly language: Language;
  /** To each of the ports. */
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly ports: readonly number[];
}

/** The outcome of a load after its warm-up. */
export interface LoadOutcome extends LoadReport {
  readonly answersPerSecond: number;
  /** CPU time of all servers together, in microseconds an answer. */
  readonly serverCpuUs: number;
}

const usPerSecond = 1_000_000;

/** Starts a program that makes a load. */
export function startLoad(
  cores: Cores,
  ...args: readonly (string | number)[]
): Process {
  return new Process({
    program: Deno.execPath(),
    args: ["run", "--allow-ffi", ...args.map(String)],
    cores: cores.load,
  });
}

/** Enough for half a million clients on a shared core, in milliseconds. */
const fillTimeoutMs = 60_000;

/** Sends `times` updates about each client. Resolves when all are answered. */
export async function fill(
  cores: Cores,
  language: Language,
  clients: number,
  times: number,
  port: number,
): Promise<void> {
  await using filler = startLoad(
    cores,
    ...["bench/load/fill.ts", language, clients, times, port],
  );
  await filler.untilPrinted(/^filled$/m, fillTimeoutMs);
}

/** Runs the load generator on servers. Resolves when it has ended. */
export async function runLoad(
  cores: Cores,
  { connections, depth, language, ports, seconds, warmUpSeconds }: Load,
  servers: readonly Process[],
): Promise<LoadOutcome> {
  const cpuSeconds = () =>
    servers.reduce((sum, server) => sum + server.cpuSeconds(), 0);
  await using generator = startLoad(
    cores,
    ...["bench/load/load.ts", language, connections, depth],
    ...[warmUpSeconds, seconds, ...ports],
  );
  await generator.untilPrinted(/^measuring$/m);
  const before = cpuSeconds();
  const report: LoadReport = await generator.json();
  const cpu = cpuSeconds() - before;
  if (report.answers === 0) throw new Error("no request was answered");
  return {
    ...report,
    answersPerSecond: report.answers / report.seconds,
    serverCpuUs: cpu * usPerSecond / report.answers,
  };
}
