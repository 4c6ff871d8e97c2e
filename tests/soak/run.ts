/**
 * Runs a soak from its start to its verdict.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { ask, names } from "../end_to_end/process.ts";
import { runAttacks } from "./attacks.ts";
import { Client } from "./client.ts";
import { checkStop, runFaults } from "./faults.ts";
import { judgeServer, type ServerVerdict } from "./judge.ts";
import {
  type ClientKind,
  halfCloser,
  idler,
  neighbour,
  querier,
  reporter,
} from "./load.ts";
import { LogChecker, LogReader } from "./logs.ts";
import { countDescriptors, sample } from "./machine.ts";
import { hog, slowReader, unknownPeer, vanisher } from "./odd_clients.ts";
import { proxiedLinks } from "./servers.ts";
import { compareTables, type Table } from "./tables.ts";
import { pause, type World } from "./world.ts";

/** The number of clients of each kind. */
const kinds: readonly (readonly [ClientKind, number])[] = [
  [reporter, 12],
  [neighbour, 3],
  [querier, 8],
  [slowReader, 4],
  [hog, 1],
  [halfCloser, 4],
  [vanisher, 3],
  [unknownPeer, 3],
  [idler, 200],
];

/** Interval of samples of the processes and log files, in milliseconds. */
const sampleIntervalMs = 1_000;

/**
 * After the last fault all servers have the same reports within this time, in
 * milliseconds: links are dialled again every 2 s, ended after 7 s of silence,
 * and compared every 30 s.
 */
const healingDeadlineMs = 60_000;

/**
 * After the last line clients have all their answers within this time, in
 * milliseconds.
 */
const finishingDeadlineMs = 60_000;

/**
 * A server closes connections that its clients have closed within this time, in
 * milliseconds.
 */
const closingDeadlineMs = 20_000;

/** The results of a soak, besides the counts in the world. */
export interface Verdict {
  /** Milliseconds until the servers agreed; undefined if they did not. */
  readonly healedMs: number | undefined;
  readonly knownClients: number;
  readonly servers: readonly ServerVerdict[];
  readonly logRecords: number;
  readonly logCutLines: number;
  readonly logFiles: number;
  readonly logBytes: number;
}

/** Runs a soak. Failures are recorded in the world. */
export async function run(world: World, forMs: number): Promise<Verdict> {
  const { servers } = world;
  await Promise.all([
    world.load(),
    ...names.map((name) => servers.start(name)),
  ]);
  await untilLinked(world);
  const before = await restingDescriptors(world);
  const logs = new Map(names.map((name) => [name, checkerOf(world, name)]));
  const reader = new LogReader(
    servers.logFolder,
    `${servers.folder}/read`,
    (name) => logs.get(name)!,
  );
  const sampling = setInterval(() => {
    for (const name of names) takeSample(world, name);
    reader.readFull();
  }, sampleIntervalMs);
  const faults = Promise.all([runFaults(world), runAttacks(world)]);
  const load = runLoad(world);
  await pause(forMs);
  world.endFaults();
  await faults;
  world.endLoad();
  const deadline = setTimeout(() => {
    for (const client of world.connected) client.giveUp();
  }, finishingDeadlineMs);
  await load;
  clearTimeout(deadline);
  checkArrivals(world);
  const { known, tookMs } = await untilHealed(world);
  const after = await restingDescriptors(world, before);
  clearInterval(sampling);
  await stopAll(world);
  reader.readRest();
  const total = (key: "records" | "cutLines") =>
    [...logs.values()].reduce((sum, checker) => sum + checker[key], 0);
  if (total("cutLines") > world.counts.kills) {
    world.fail("the logs have more partial lines than servers were killed");
  }
  return {
    healedMs: tookMs,
    knownClients: known,
    servers: names.map((name) =>
      judgeServer(world, name, before.get(name)!, after.get(name)!)
    ),
    logRecords: total("records"),
    logCutLines: total("cutLines"),
    logFiles: reader.files,
    logBytes: reader.bytes,
  };
}

async function runLoad(world: World): Promise<void> {
  await Promise.all(
    kinds.flatMap(([kind, count]) =>
      Array.from({ length: count }, () => kind(world, world.random.fork()))
    ),
  );
}

/**
 * The share and the number of reports that may arrive at a neighbour late: on a
 * busy machine a server may read from its client before it reads from its link.
 */
const lateShareAllowed = 0.1;
const lateAllowed = 5;

function checkArrivals(world: World): void {
  const { immediateArrivals, lateArrivals } = world.counts;
  const all = immediateArrivals + lateArrivals;
  if (lateArrivals <= lateAllowed + lateShareAllowed * all) return;
  world.fail(
    `${lateArrivals} of ${all} reports arrived late at a neighbour`,
  );
}

/** Waits until a report to each server has arrived at all others. */
export async function untilLinked(world: World): Promise<void> {
  const { servers } = world;
  for (const name of names) {
    const probe = `probe-${name}`;
    await ask(servers.portOf(name), `IAMAT ${probe} +0+0 1\n`);
    for (const other of names) {
      const query = `WHATSAT ${probe} 0 0\n`;
      while (!(await ask(servers.portOf(other), query)).startsWith("AT")) {
        await pause(50);
      }
    }
  }
}

/**
 * The number of each server's descriptors without load.
 *
 * @param goal Waits until no server has more than this; otherwise until the
 * numbers are constant.
 */
async function restingDescriptors(
  world: World,
  goal?: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const count = () =>
    new Map(names.map((name) => {
      const { pid } = world.servers.incarnation(name)!.program;
      return [name, countDescriptors(pid)];
    }));
  const startMs = performance.now();
  let last = count();
  while (performance.now() - startMs < closingDeadlineMs) {
    await pause(500);
    const now = count();
    const isResting = names.every((name) =>
      goal === undefined
        ? now.get(name) === last.get(name)
        : now.get(name)! <= goal.get(name)!
    );
    last = now;
    if (isResting) break;
  }
  return last;
}

function takeSample(world: World, name: string): void {
  const incarnation = world.servers.incarnation(name);
  if (incarnation === undefined) return;
  const now = sample(incarnation.program.pid);
  if (now !== undefined) incarnation.samples.push(now);
}

/** Events that are always faults. */
const badEvents = ["crashed", "log-incomplete", "accept-failed"];

function checkerOf(world: World, name: string): LogChecker {
  const proxied: readonly string[] = proxiedLinks
    .filter((link) => link.some((end) => end === name)).flat();
  return new LogChecker(
    (fault) => world.fail(`not a record of the log: ${fault}`),
    ({ event, fields, level, time }) => {
      // Only a proxy cuts lines.
      const isGarbled = event === "link-down" &&
        /nonsense|line too long/.test(`${fields.reason}`) &&
        !proxied.includes(`${fields.neighbour}`);
      const isBad = level === "error" || badEvents.includes(event) ||
        event === "places-failed" || isGarbled;
      if (!isBad) return;
      world.fail(
        `${name} logged ${level} ${event} ${JSON.stringify(fields)} at ${time}`,
      );
    },
  );
}

/** Waits until all servers have the same reports, and all expected ones. */
export async function untilHealed(
  world: World,
): Promise<{ known: number; tookMs: number | undefined }> {
  const required = world.expected.required();
  const clients = [...new Set([...world.clients, ...required.keys()])];
  const startMs = performance.now();
  while (true) {
    const tables = new Map<string, Table>();
    await Promise.all(names.map(async (name) => {
      tables.set(name, await tableOf(world, name, clients));
    }));
    const problems = compareTables(clients, tables, required);
    const tookMs = performance.now() - startMs;
    if (problems.length === 0) {
      return { known: tables.get(world.anchor)!.size, tookMs };
    }
    if (tookMs > healingDeadlineMs) {
      for (const problem of problems) world.fail(`tables: ${problem}`);
      return { known: tables.get(world.anchor)!.size, tookMs: undefined };
    }
    await pause(200);
  }
}

/** The reports of these clients that a server has now. */
export async function tableOf(
  world: World,
  name: string,
  clients: readonly ByteString[],
): Promise<Table> {
  const table = new Map<ByteString, ByteString>();
  const client = await Client.connect(world, "auditor", name);
  if (client === undefined) return table;
  client.onAnswer = (line) => {
    const about = line.split(" ")[3];
    if (line.startsWith("AT ")) table.set(about, line);
  };
  await client.request(clients.map((about) => client.query(about)).join(""));
  await client.finish();
  return table;
}

async function stopAll(world: World): Promise<void> {
  await Promise.all(names.map(async (name) => {
    const { status, tookMs } = await world.servers.end(name, "SIGTERM");
    checkStop(world, name, status, tookMs);
  }));
}
