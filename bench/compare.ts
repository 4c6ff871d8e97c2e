/**
 * Compares what an update costs two versions of a server, in pairs:
 *
 *     deno run -A --config tests/deno.json bench/compare.ts OLD NEW [PAIRS] [POINTS]
 *
 * OLD and NEW are folders with two versions of this project. In each pair, a
 * server of each is started, measured and stopped, in alternating order, so
 * that a ratio compares samples that were taken within seconds. The result is
 * the mean of the ratios (of their logarithms), with its 95 % interval.
 *
 * @module
 */
import { runProgram } from "../cli/exit.ts";
import { runLoad } from "./loads.ts";
import { assignCores, freeBasePort, Process } from "./processes.ts";
import { median } from "./results.ts";
import { serverCommand } from "./servers.ts";

const cores = assignCores();

/** Measurement of one point, and its warm-up, in seconds. */
const [seconds, warmUpSeconds] = [2, 0.5];

/** The load under which a new server compiles its code, in seconds. */
const firstLoadSeconds = 1.5;

interface Point {
  readonly connections: number;
  readonly depth: number;
}

/** CPU time of an update at each point, in microseconds. */
async function measure(
  version: string,
  points: readonly Point[],
): Promise<number[]> {
  const folder = await Deno.makeTempDir({
    dir: "/var/tmp",
    prefix: "herd-compare-",
  });
  try {
    const port = freeBasePort();
    const command = serverCommand("Hill", port, folder);
    await using server = await Process.start(
      { ...command, cores: cores.servers.slice(0, 1), cwd: version },
      / is ready: /,
    );
    const load = (point: Point, warmUpSeconds: number, seconds: number) =>
      runLoad(cores, {
        ...point,
        language: "iamat",
        warmUpSeconds,
        seconds,
        ports: [port],
      }, [server]);
    await load({ connections: 50, depth: 16 }, firstLoadSeconds, 0.1);
    const costs: number[] = [];
    for (const point of points) {
      costs.push((await load(point, warmUpSeconds, seconds)).serverCpuUs);
    }
    return costs;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Two-sided 95 % quantile of Student's t, to a percent from 5 degrees on. */
const studentT = (degrees: number) =>
  1.96 * (1 + 1.22 / degrees + 1.5 / degrees ** 2);

/** The mean ratio, and its 95 % interval. */
export function summarizeRatios(ratios: readonly number[]): {
  readonly mean: number;
  readonly from: number;
  readonly to: number;
} {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) /
    (logs.length - 1);
  const half = studentT(logs.length - 1) * Math.sqrt(variance / logs.length);
  return {
    mean: Math.exp(mean),
    from: Math.exp(mean - half),
    to: Math.exp(mean + half),
  };
}

async function compare(
  [older, newer, pairs = "20", at = "50x16,50x1"]: readonly string[],
): Promise<void> {
  const names = at.split(",");
  const points = names.map((name) => {
    const [connections, depth] = name.split("x").map(Number);
    return { connections, depth };
  });
  const ratios: number[][] = points.map(() => []);
  for (let pair = 0; pair < Number(pairs); pair++) {
    const versions = [older, newer];
    if (pair % 2 === 1) versions.reverse();
    const costs = new Map<string, number[]>();
    for (const version of versions) {
      costs.set(version, await measure(version, points));
    }
    const texts = names.map((name, index) => {
      const [before, after] = [older, newer].map((version) =>
        costs.get(version)![index]
      );
      ratios[index].push(after / before);
      return `${name} ${before.toFixed(2)} ${after.toFixed(2)} us, ` +
        `ratio ${(after / before).toFixed(3)}`;
    });
    console.error(`pair ${pair + 1}: ${texts.join("; ")}`);
  }
  for (const [index, name] of names.entries()) {
    const { from, mean, to } = summarizeRatios(ratios[index]);
    console.log(
      `${name}: ratio ${mean.toFixed(3)}, 95 % from ${from.toFixed(3)} to ` +
        `${to.toFixed(3)}, median ${median(ratios[index]).toFixed(3)}`,
    );
  }
}

if (import.meta.main) {
  await runProgram("compare", () => compare(Deno.args));
}
