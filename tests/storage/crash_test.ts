import { compareTimestamps, type Timestamp } from "../../protocol/time.ts";
import { heardAtOf } from "../../protocol/order.ts";
import { clientOf } from "../../protocol/report.ts";
import { Random } from "../../runtime/random.ts";
import { writeIntervalMs } from "../../storage/limits.ts";
import { Settling } from "../../replica/settling.ts";
import { assert } from "../assert.ts";
import fc from "../fast_check.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { anySeed, assertProperty } from "../property.ts";
import { reportOf } from "../peers/reports.ts";
import { type Crash, MemoryFolder } from "./memory_folder.ts";
import { openStorage } from "./open_storage.ts";

const clients = Array.from({ length: 6 }, (_, index) => `client${index}`);

/** Snapshots are frequent with the first one of these, and rare with the other. */
const tailSizes = [500, 5_000];

const syncMs = 2 * writeIntervalMs;

/** Settings with this size of a tail for a snapshot. */
const settingsWith = (minTailBytes: number) => ({ syncMs, minTailBytes });

/** Longest step of the clock, in milliseconds. */
const stepMs = 50;

/**
 * What may be lost, in milliseconds: the time until records are written, or
 * synced, and the steps of the clock before the crash.
 */
const lostMs = {
  kill: writeIntervalMs + 2 * stepMs,
  "power cut": syncMs + 2 * stepMs,
};

/** A report or a deletion of one client. */
interface Action {
  readonly atMs: number;
  /** The AT line; undefined for a deletion. */
  readonly line: string | undefined;
  readonly now: Timestamp;
}

/** What one client's servers were told, in order. */
type History = Map<string, Action[]>;

/** A server's run, from a folder until a crash or a stop. */
async function run(
  clock: ManualClock,
  folder: MemoryFolder,
  history: History,
  random: Random,
  actions: number,
  minTailBytes: number,
): Promise<void> {
  // The start can crash, too.
  const opening = openStorage(clock, folder, settingsWith(minTailBytes));
  let opened: Awaited<typeof opening> | undefined;
  opening.then((result) => opened = result);
  for (let count = 0; count < 20 && opened === undefined; count++) {
    await clock.advance(1);
  }
  if (opened === undefined) {
    assert(folder.isCrashed, "the start does not end");
    return;
  }
  const { replica, storage } = opened;
  for (let left = actions; left > 0 && !folder.isCrashed; left--) {
    // Two reports of one moment have no order.
    await clock.advance(1 + random.below(stepMs));
    const client = random.pick(clients);
    const now = clock.now();
    const seconds = now.seconds + now.nanoseconds / 1e9;
    const atMs = clock.elapsedMs();
    let line: string | undefined;
    if (random.chance(0.1)) {
      await replica.forget(client);
    } else {
      const report = reportOf(client, Number(seconds.toFixed(3)));
      line = report.line;
      replica.put(report, new Settling());
    }
    history.get(client)!.push({ atMs, line, now });
  }
  if (folder.isCrashed) return;
  const stopping = storage.stop();
  let isStopped = false;
  stopping.then(() => isStopped = true);
  for (let count = 0; count < 20 && !isStopped; count++) await clock.advance(1);
}

/**
 * Checks what a start restores: each line is one that was reported, none is
 * older than those of the last moments before the crash, and none was deleted
 * before.
 */
async function check(
  clock: ManualClock,
  folder: MemoryFolder,
  history: History,
  safeMs: number,
): Promise<void> {
  const opening = openStorage(clock, folder);
  for (let count = 0; count < 20; count++) await clock.advance(1);
  const { replica, storage } = await opening;
  for (const client of clients) {
    const actions = history.get(client)!;
    const safe = actions.filter(({ atMs }) => atMs <= safeMs);
    const found = replica.find(client) as string | undefined;
    const last = safe.at(-1);
    if (found === undefined) {
      const isDeletedLater = actions.slice(safe.length)
        .some(({ line }) => line === undefined);
      assert(
        last?.line === undefined || isDeletedLater,
        `${client} is lost: ${last?.line}`,
      );
      continue;
    }
    assert(clientOf(found) === client, found);
    const index = actions.findLastIndex(({ line }) => line === found);
    assert(index >= 0, `${found} was never reported`);
    assert(index >= safe.length - 1, `${found} is older than ${last?.line}`);
    for (const { line, now } of safe) {
      const isDeleted = line === undefined &&
        compareTimestamps(heardAtOf(found), now) <= 0;
      assert(
        !isDeleted || actions[index].atMs > safeMs,
        `${found} was deleted`,
      );
    }
  }
  const stopping = storage.stop();
  for (let count = 0; count < 20; count++) await clock.advance(1);
  await stopping;
}

const emptyHistory = (): History =>
  new Map(clients.map((client) => [client, []]));

/** Runs and crashes a server once. Returns how many operations there were. */
async function crashOnce(
  seed: number,
  crash: Crash,
  crashAt: number,
  minTailBytes: number,
): Promise<number> {
  const random = new Random(seed);
  const clock = new ManualClock();
  const folder = new MemoryFolder();
  const history = emptyHistory();
  folder.crashAt = crashAt;
  folder.part = random.next();
  await run(clock, folder, history, random, 240, minTailBytes);
  const isStopped = !folder.isCrashed;
  const safeMs = isStopped ? Infinity : clock.elapsedMs() - lostMs[crash];
  const next = folder.afterCrash(crash, random);
  await check(clock, next, history, safeMs);
  return folder.operations;
}

for (const crash of ["kill", "power cut"] as const) {
  Deno.test({
    name: `a ${crash} at each write loses only the last reports`,
    permissions: "none",
    async fn() {
      await assertProperty(
        fc.asyncProperty(anySeed, async (seed) => {
          for (const tailSize of tailSizes) {
            const operations = await crashOnce(seed, crash, Infinity, tailSize);
            assert(operations > 20, `${operations} operations`);
            for (let at = 1; at <= operations; at++) {
              await crashOnce(seed, crash, at, tailSize);
            }
          }
        }),
        { numRuns: 1 },
      );
    },
  });
}

Deno.test({
  name: "a server that crashes again and again loses only its last reports",
  permissions: "none",
  async fn() {
    await assertProperty(
      fc.asyncProperty(anySeed, async (seed) => {
        const random = new Random(seed);
        const clock = new ManualClock();
        const history = emptyHistory();
        let folder = new MemoryFolder();
        for (let runs = 0; runs < 5; runs++) {
          folder.crashAt = 1 + random.below(80);
          folder.part = random.next();
          const minTailBytes = random.pick(tailSizes);
          await run(clock, folder, history, random, 60, minTailBytes);
          const crash = random.pick(["kill", "power cut"] as const);
          const safeMs = clock.elapsedMs() - lostMs[crash];
          folder = folder.afterCrash(crash, random);
          await check(clock, folder, history, safeMs);
          // What was lost counts as never reported.
          const opened = openStorage(clock, folder);
          for (let count = 0; count < 20; count++) await clock.advance(1);
          const { replica, storage } = await opened;
          for (const [client, actions] of history) {
            const found = replica.find(client);
            const index = actions.findLastIndex(({ line }) => line === found);
            actions.length = index + 1;
          }
          const stopping = storage.stop();
          for (let count = 0; count < 20; count++) await clock.advance(1);
          await stopping;
        }
      }),
      { numRuns: 30 },
    );
  },
});
