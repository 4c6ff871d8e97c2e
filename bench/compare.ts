/**
 * Compares what an update costs two versions of a server, in pairs:
 *
 *     deno run -A --config tests/deno.json bench/compare.ts OLD NEW [PAIRS] [POINTS]
 *
 * OLD and NEW are folders with two versions of this project. POINTS are such as
 * `50x16,50x1`, and for gateways `mqtt:50x16,overland:4x1`. For each pair, a
 * server of each is started on one core. Both get the load in turns of a tenth
 * of a second, so that a ratio compares the same moments of a shared machine.
 * The ratio of a pair is the median over its slices. The result is the mean of
 * the ratios (of their logarithms), with its 95 % interval.
 *
 * @module
 */
import { runProgram } from "../cli/exit.ts";
import type { SliceCosts } from "./load/alternate.ts";
import type { Language } from "./load/requests.ts";
import { assignCores, freeBasePort, Process } from "./processes.ts";
import { median } from "./results.ts";
import { gatewayFlags, portOf, serverCommand } from "./servers.ts";

const cores = assignCores();

/** Slices of each server at each point, and before the first point. */
const [slices, firstSlices] = [30, 15];

/** The length of a slice, in milliseconds. */
const sliceMs = 100;

interface Point {
  readonly language: Language;
  /** Connections and requests in flight on each, such as `50x16`. */
  readonly load: string;
}

const firstPoint: Point = { language: "iamat", load: "50x16" };

/** The costs of both versions at one point, in microseconds an update. */
interface Pair {
  readonly costs: readonly number[];
  readonly ratio: number;
}

interface RunningVersion {
  readonly port: number;
  readonly server: Process;
}

async function startVersion(
  version: string,
  flags: readonly string[],
  cleanup: AsyncDisposableStack,
): Promise<RunningVersion> {
  const folder = await Deno.makeTempDir({
    dir: "/var/tmp",
    prefix: "herd-compare-",
  });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freeBasePort();
  const command = serverCommand("Hill", port, folder, flags);
  const server = await Process.start(
    { ...command, cores: cores.servers.slice(0, 1), cwd: version },
    / is ready: /,
  );
  cleanup.use(server);
  return { port, server };
}

/** Measures a new server of each version at each point. */
async function measure(
  versions: readonly string[],
  points: readonly Point[],
): Promise<Pair[]> {
  await using cleanup = new AsyncDisposableStack();
  const isOfGateways = points.some(({ language }) => language !== "iamat");
  const flags = isOfGateways ? gatewayFlags : [];
  const servers: RunningVersion[] = [];
  for (const version of versions) {
    servers.push(await startVersion(version, flags, cleanup));
  }
  const load = async (
    { language, load }: Point,
    slices: number,
  ): Promise<SliceCosts> => {
    await using generator = new Process({
      program: Deno.execPath(),
      args: [
        // Deno reads nothing of /proc with fewer permissions.
        ...["run", "-A", "bench/load/alternate.ts", `${slices}`, `${sliceMs}`],
        ...servers.map(({ port, server: { pid } }) =>
          [language, load, portOf(language, port), pid].join(":")
        ),
      ],
      cores: cores.load,
    });
    return await generator.json();
  };
  await load(firstPoint, firstSlices);
  const pairs: Pair[] = [];
  for (const point of points) {
    const [before, after] = await load(point, slices);
    pairs.push({
      costs: [median(before), median(after)],
      ratio: median(after.map((cost, slice) => cost / before[slice])),
    });
  }
  return pairs;
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
  const points = names.map((name): Point => {
    const [load, language = "iamat"] = name.split(":").reverse();
    return { load, language: language as Language };
  });
  const ratios: number[][] = points.map(() => []);
  for (let pair = 0; pair < Number(pairs); pair++) {
    const measured = await measure([older, newer], points);
    const texts = measured.map(({ costs: [before, after], ratio }, index) => {
      ratios[index].push(ratio);
      return `${names[index]} ${before.toFixed(2)} ${after.toFixed(2)} us, ` +
        `ratio ${ratio.toFixed(3)}`;
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
