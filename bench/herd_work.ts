/**
 * What the servers of a herd do for updates, all together: how many updates
 * they accept, the CPU time of one, and how often one crosses a link.
 *
 * All servers share the cores for servers. Crossings are counted in the
 * servers' logs, from the first line of a load on. So they include the time in
 * which the herd learns its trees.
 *
 * @module
 */
import { runLoad } from "./loads.ts";
import type { Context } from "./measure.ts";
import { startHerd } from "./servers.ts";

/** A load on a herd. */
export interface HerdLoad {
  /** Its point in the results. */
  readonly point: string;
  /** One connection for each entry, which is the index of its server. */
  readonly connections: readonly number[];
  readonly warmUpSeconds: number;
}

/** Requests in flight on each connection. */
const depth = 16;

/** So large that no log becomes full, in bytes. */
const logMaxBytes = 2 ** 40;

/** How long servers may take after a load to write their logs, in ms. */
const settleMs = 200;

/** Starts a herd, takes a sample of each load, and stops the herd. */
export async function measureWork(
  context: Context,
  names: readonly string[],
  flags: readonly string[],
  loads: readonly HerdLoad[],
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  await measureIn(folder, context, names, flags, loads);
  // The logs of several herds are gigabytes.
  await Deno.remove(folder, { recursive: true });
}

async function measureIn(
  folder: string,
  { add, cores, secondsAPoint }: Context,
  names: readonly string[],
  flags: readonly string[],
  loads: readonly HerdLoad[],
): Promise<void> {
  await using herd = await startHerd(cores, folder, names, [
    ...flags,
    `--log-max-bytes=${logMaxBytes}`,
  ]);
  const countedTo = new Map(names.map((name) => [`${folder}/${name}.log`, 0]));
  for (const { connections, point, warmUpSeconds } of loads) {
    const { answersPerSecond, serverCpuUs } = await runLoad(cores, {
      language: "iamat",
      connections: 1,
      depth,
      warmUpSeconds,
      seconds: secondsAPoint,
      ports: connections.map((server) => herd.basePort + server),
    }, herd.processes);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const counted = { updates: 0, crossings: 0 };
    for (const [path, from] of countedTo) {
      countedTo.set(path, await countLog(path, counted, from));
    }
    add("herd", point, {
      updatesPerSecond: answersPerSecond,
      cpuUs: serverCpuUs,
      crossings: counted.crossings / counted.updates,
    });
  }
}

/** Counts of records in a herd's logs. */
export interface Crossings {
  /** Lines that clients sent. */
  updates: number;
  /** AT lines that servers sent to neighbours. */
  crossings: number;
}

/** A record has a time, a connection, a direction and a line. */
const updateRecord = /^\S+ client\/\S+ <- IAMAT /gm;
const crossingRecord = /^\S+ peer\/\S+ -> AT /gm;

/** Counts the records of whole lines. */
export function countRecords(text: string, counted: Crossings): void {
  counted.updates += text.match(updateRecord)?.length ?? 0;
  counted.crossings += text.match(crossingRecord)?.length ?? 0;
}

const lineFeed = 0x0a;

const partBytes = 1024 * 1024;

const decoder = new TextDecoder();

/**
 * Counts the records of a log file from a byte on. Returns where the last whole
 * line ends, from which the next call can go on.
 */
export async function countLog(
  path: string,
  counted: Crossings,
  fromByte = 0,
): Promise<number> {
  using file = await Deno.open(path);
  await file.seek(fromByte, Deno.SeekMode.Start);
  let countedTo = fromByte;
  const buffer = new Uint8Array(partBytes);
  // The length of the incomplete line at the start of the buffer.
  let kept = 0;
  while (true) {
    const count = await file.read(buffer.subarray(kept));
    if (count === null) return countedTo;
    const filled = kept + count;
    const whole = buffer.lastIndexOf(lineFeed, filled - 1) + 1;
    countRecords(decoder.decode(buffer.subarray(0, whole)), counted);
    buffer.copyWithin(0, whole, filled);
    kept = filled - whole;
    countedTo += whole;
  }
}
