/**
 * What updates from Hill to Campbell suffer when Smith fails, over which they
 * go: killed, so that the system closes its sockets, or frozen, so that nobody
 * is told.
 *
 * @module
 */
import type { Context } from "../context.ts";
import { startLoad } from "../loads.ts";
import { startHerd } from "../propagation/herd.ts";
import { serverNames } from "../servers.ts";
import type { Outage } from "./judge.ts";

/** Something that happens to Smith. */
export interface Fault {
  readonly signal: Deno.Signal;
  /** Updates are watched for so long after it, in milliseconds. */
  readonly watchedMs: number;
}

/** The observer starts, and the servers warm up to it, in milliseconds. */
const warmUpMs = 2_500;

/** Starts a herd, lets Smith fail, and tells what became of the updates. */
export async function measureFault(
  context: Context,
  { signal, watchedMs }: Fault,
): Promise<Outage> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  await using herd = await startHerd({ ...context, folder });
  const smith = herd.processes[serverNames.indexOf("Smith")];
  const faultMs = Date.now() + warmUpMs;
  const numbers = [herd.basePort, faultMs, faultMs + watchedMs];
  await using watcher = startLoad(
    context.cores,
    "bench/convergence/outage.ts",
    ...numbers.map(String),
  );
  const timer = setTimeout(() => smith.signal(signal), warmUpMs);
  try {
    const [json] = await watcher.untilPrinted(/^\{.*\}$/m);
    return JSON.parse(json);
  } finally {
    clearTimeout(timer);
    // One that is frozen could not end.
    smith.signal("SIGCONT");
  }
}
