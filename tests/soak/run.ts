/**
 * One soak from its start to its verdict.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { ask, names } from "../end_to_end/process.ts";
import { Client } from "./client.ts";
import { judgeStop, runFaults } from "./faults.ts";
import { judgeServer, type ServerVerdict } from "./judge.ts";
import {
  asker,
  halfCloser,
  idler,
  type Kind,
  neighbour,
  reporter,
} from "./load.ts";
import { LogChecker, LogReader } from "./logs.ts";
import { countDescriptors, sample } from "./machine.ts";
import { hog, slowReader, stranger, vanisher } from "./odd_clients.ts";
import { proxiedLinks } from "./servers.ts";
import { compareTables, type Table } from "./tables.ts";
import { pause, type World } from "./world.ts";

/** So many clients of each kind. */
const kinds: readonly (readonly [Kind, number])[] = [
  [reporter, 12],
  [neighbour, 3],
  [asker, 8],
  [slowReader, 4],
  [hog, 1],
  [halfCloser, 4],
  [vanisher, 3],
  [stranger, 3],
  [idler, 200],
];

/** Between two looks at the processes and at the log files. */
const watchIntervalMs = 1_000;

/**
 * When nothing more goes wrong, all servers know the same within this time, in
 * milliseconds: links are dialled again every 2 s, given up after 7 s of
 * silence, and compared every 30 s.
 */
const healingDeadlineMs = 60_000;

/** Clients have all their answers within this time after the last question. */
const finishingDeadlineMs = 60_000;

/** A server has closed what its clients have left within this time. */
const closingDeadlineMs = 20_000;

/** What became of the herd, besides what the world has counted. */
export interface Verdict {
  /** How long the servers took to agree, in milliseconds. */
  readonly healedMs: number | undefined;
  readonly knownClients: number;
  readonly servers: readonly ServerVerdict[];
  readonly logRecords: number;
  readonly logCutLines: number;
  readonly logFiles: number;
  readonly logBytes: number;
}

/** Runs it all. What went wrong is in the world. */
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
  const watch = setInterval(() => {
    for (const name of names) look(world, name);
    reader.readFull();
  }, watchIntervalMs);
  const faults = runFaults(world);
  const load = runLoad(world);
  await pause(forMs);
  world.endFaults();
  await faults;
  world.endLoad();
  const impatience = setTimeout(() => {
    for (const client of world.connected) client.giveUp();
  }, finishingDeadlineMs);
  await load;
  clearTimeout(impatience);
  judgePassingOn(world);
  const { known, tookMs } = await untilHealed(world);
  const after = await restingDescriptors(world, before);
  clearInterval(watch);
  await stopAll(world);
  reader.readRest();
  const total = (key: "records" | "cutLines") =>
    [...logs.values()].reduce((sum, checker) => sum + checker[key], 0);
  if (total("cutLines") > world.counts.kills) {
    world.fail("more lines were cut off in the log than servers were killed");
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
 * So large a part of the reports, and so many, may be known to a neighbour only
 * a moment after they were answered: where a machine is busy, a server may come
 * to its client before it comes to its link.
 */
const latePartAllowed = 0.1;
const lateAllowed = 5;

function judgePassingOn(world: World): void {
  const { passedOnAtOnce, passedOnLater } = world.counts;
  const most = lateAllowed + latePartAllowed * (passedOnAtOnce + passedOnLater);
  if (passedOnLater <= most) return;
  world.fail(
    `neighbours knew ${passedOnLater} reports only later, and ` +
      `${passedOnAtOnce} at once`,
  );
}

/** Waits until what each server is told is known to all. */
export async function untilLinked(world: World): Promise<void> {
  const { servers } = world;
  for (const name of names) {
    const probe = `probe-${name}`;
    await ask(servers.portOf(name), `IAMAT ${probe} +0+0 1\n`);
    for (const other of names) {
      const question = `WHATSAT ${probe} 0 0\n`;
      while (!(await ask(servers.portOf(other), question)).startsWith("AT")) {
        await pause(50);
      }
    }
  }
}

/** The descriptors of each server when nobody asks it anything. */
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

function look(world: World, name: string): void {
  const incarnation = world.servers.incarnation(name);
  if (incarnation === undefined) return;
  const now = sample(incarnation.program.pid);
  if (now !== undefined) incarnation.samples.push(now);
}

/** Events that are faults wherever they stand. */
const badEvents = ["crashed", "log-incomplete", "accept-failed"];

function checkerOf(world: World, name: string): LogChecker {
  const proxied: readonly string[] = proxiedLinks
    .filter((link) => link.some((end) => end === name)).flat();
  return new LogChecker(
    (fault) => world.fail(`no record of the log: ${fault}`),
    ({ event, fields, level, time }) => {
      // Only a proxy may have cut a line.
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

/** Waits until all servers know the same, and all they have to know. */
export async function untilHealed(
  world: World,
): Promise<{ known: number; tookMs: number | undefined }> {
  const demanded = world.ledger.demanded();
  const clients = [...new Set([...world.clients, ...demanded.keys()])];
  const startMs = performance.now();
  while (true) {
    const tables = new Map<string, Table>();
    await Promise.all(names.map(async (name) => {
      tables.set(name, await tableOf(world, name, clients));
    }));
    const problems = compareTables(clients, tables, demanded);
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

/** What a server knows now of these clients. */
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
  await client.ask(clients.map((about) => client.question(about)).join(""));
  await client.finish();
  return table;
}

async function stopAll(world: World): Promise<void> {
  await Promise.all(names.map(async (name) => {
    const { status, tookMs } = await world.servers.end(name, "SIGTERM");
    judgeStop(world, name, status, tookMs);
  }));
}
