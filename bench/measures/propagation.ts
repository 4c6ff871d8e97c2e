/**
 * How long an update takes from one server to another.
 *
 * The time begins just before a client writes an update to Hill. It ends when
 * an observer has read the update from Smith (one hop) or from Campbell (two
 * hops, through Smith). The client and both observers are one process with one
 * clock. An observer is a neighbour without other links. Its link stands last
 * in the herd file, so that its server writes to the other neighbours first.
 *
 * Under load, another process sends all five servers together 20,000 updates a
 * second, on one connection each, in batches of a millisecond. If the servers
 * accept fewer, `backgroundPerSecond` is lower. Times of a second or more
 * count as 1,000,000 µs.
 *
 * The idle servers are measured first, because a herd may learn longer paths
 * under overload and keeps them. An earlier load did not make idle servers
 * faster.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { startLoad } from "../loads.ts";
import type { Context, Measure } from "../measure.ts";
import type { PacerReport } from "../propagation/pacer.ts";
import type { Propagation } from "../propagation/prober.ts";
import { places } from "../propagation/protocol.ts";
import {
  type RunningHerd,
  serverNames,
  startHerd,
  writeHerdFile,
} from "../servers.ts";

/** The load, in updates a second. */
const loadPerSecond = 20_000;

/** How long programs start and servers warm up, in seconds. */
const [idleWarmUpSeconds, loadWarmUpSeconds] = [2, 3];

/** Starts a herd that expects an observer at each of the places. */
export async function startObservedHerd(
  { cores, folder }: Context,
): Promise<RunningHerd> {
  const herdFile = await writeHerdFile(
    folder,
    [...serverNames, ...places.map(({ observer }) => observer)],
    [
      ...defaultHerd.links,
      ...places.map(({ observer, server }) => [observer, server]),
    ],
  );
  return await startHerd(cores, folder, serverNames, [herdFile]);
}

/** When probes and load count, in milliseconds since 1970. */
function spanAfter(warmUpSeconds: number, seconds: number): number[] {
  const fromMs = Date.now() + warmUpSeconds * 1000;
  return [fromMs, fromMs + seconds * 1000];
}

/**
 * Takes the samples of five servers.
 *
 * @param programs The folder of the programs `prober.ts` and `pacer.ts`.
 */
export async function measurePropagation(
  { add, cores, secondsAPoint }: Context,
  subject: string,
  basePort: number,
  programs = "bench/propagation",
): Promise<void> {
  const run = async (program: string, ...numbers: readonly number[]) => {
    const path = `${programs}/${program}.ts`;
    await using process = startLoad(cores, path, basePort, ...numbers);
    return await process.json();
  };
  const probe = (span: readonly number[]): Promise<Propagation[]> =>
    run("prober", ...span);
  const pace = (span: readonly number[]): Promise<PacerReport> =>
    run("pacer", loadPerSecond, ...span);
  const idle = await probe(spanAfter(idleWarmUpSeconds, secondsAPoint));
  for (const { hops, ...values } of idle) {
    add(subject, `${hops}, idle`, values);
  }
  const span = spanAfter(loadWarmUpSeconds, secondsAPoint);
  const [{ perSecond }, loaded] = await Promise.all([pace(span), probe(span)]);
  for (const { hops, ...values } of loaded) {
    add(subject, `${hops}, ${loadPerSecond}/s`, {
      ...values,
      backgroundPerSecond: perSecond,
    });
  }
}

/** One hop and two, idle and under load. */
export const propagation: Measure = {
  name: "propagation",
  async run(context) {
    await using herd = await startObservedHerd(context);
    await measurePropagation(context, "herd", herd.basePort);
  },
};
