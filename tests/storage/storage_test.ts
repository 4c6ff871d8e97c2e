import type { FloodReplica } from "../../peers/flood_replica.ts";
import { makeReport } from "../../protocol/report.ts";
import { Settling } from "../../replica/settling.ts";
import { operationTimeoutMs } from "../../runtime/operation_timer.ts";
import { Random } from "../../runtime/random.ts";
import {
  aliveIntervalMs,
  maxDeletedMs,
  maxTails,
  retryIntervalMs,
  snapshotRetryMs,
  writeIntervalMs,
} from "../../storage/limits.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { reportOf } from "../peers/reports.ts";
import { MemoryFolder } from "./memory_folder.ts";
import {
  forgetSeconds,
  openStorage,
  type TestSettings,
} from "./open_storage.ts";

const now = 1_520_024_000;

/** A server that has just started, and its folder. */
async function open(settings?: TestSettings, folder = new MemoryFolder()) {
  const clock = new ManualClock();
  const opened = await openStorage(clock, folder, settings);
  const report = (client: string, time = now) =>
    opened.replica.put(reportOf(client, time), new Settling());
  return { clock, folder, report, ...opened };
}

/** The clients that a start finds in a folder. */
async function restored(folder: MemoryFolder): Promise<string[]> {
  const { replica, storage } = await openStorage(new ManualClock(), folder);
  const names = namesIn(replica);
  await storage.stop();
  return names;
}

/** The clients of a replica, sorted. */
function namesIn(replica: FloodReplica): string[] {
  const { lines } = replica.select("*", 1000);
  return lines.map((line) => line.split(" ")[3]).sort();
}

/** A report that is heard at the present time. */
function reportNow(clock: ManualClock, client: string) {
  const iamat = { verb: "IAMAT", client, position: "+34-118", time: "1" };
  return makeReport("Hill", clock.now(), { ...iamat, verb: "IAMAT" });
}

Deno.test({
  name: "a report is written soon after its reply, and synced later",
  permissions: "none",
  async fn() {
    const { clock, folder, report, storage } = await open({ syncMs: 1_000 });
    await clock.advance(1.5 * writeIntervalMs);
    report("kiwi");
    assert(!folder.textOf("tail-1").includes("kiwi"));
    assert(storage.state.lagBytes > 50);
    await clock.advance(writeIntervalMs / 2);
    assertStringIncludes(folder.textOf("tail-1"), " kiwi +34-118 1520024000\n");
    assertEquals(storage.state.lagBytes, 0);
    const isSynced = () => folder.textOf("tail-1", "synced").includes("kiwi");
    assert(!isSynced());
    assert(storage.state.lagSeconds > 0);
    await clock.advance(1_000 - writeIntervalMs / 2);
    assert(isSynced());
    assertEquals(storage.state.lagSeconds, 0);
    await storage.stop();
    assert(folder.isClosed);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "a stop writes and syncs everything",
  permissions: "none",
  async fn() {
    const { folder, report, storage } = await open();
    report("kiwi");
    await storage.stop();
    const { bytes, synced } = folder.files.get("tail-1")!;
    assertEquals(synced, bytes);
    assertEquals(await restored(folder), ["kiwi"]);
  },
});

Deno.test({
  name: "the folder's size is bounded by that of the table",
  permissions: "none",
  async fn() {
    const { clock, folder, report, storage } = await open({
      minTailBytes: 1000,
    });
    let most = 0;
    for (let round = 1; round <= 200; round++) {
      for (let client = 0; client < 20; client++) {
        report(`client${client}`, round);
      }
      await clock.advance(100);
      most = Math.max(most, folder.bytes);
    }
    // Twenty records of less than 60 bytes.
    assert(most < 4 * 20 * 60 + 2 * 20 * 60, `${most} bytes`);
    const { bytes, records } = storage.state;
    assertEquals(bytes, folder.bytes);
    assert(records >= 20 && records <= 80, `${records} records`);
    await storage.stop();
    assertEquals((await restored(folder)).length, 20);
  },
});

Deno.test({
  name: "many starts leave few files",
  permissions: "none",
  async fn() {
    const folder = new MemoryFolder();
    for (let start = 0; start <= 2 * maxTails; start++) {
      const { clock, report, storage } = await open({}, folder);
      report(`client${start}`);
      await clock.advance(500);
      await storage.stop();
    }
    assert(folder.files.size <= maxTails + 2, `${folder.files.size} files`);
    assertEquals((await restored(folder)).length, 2 * maxTails + 1);
  },
});

Deno.test({
  name: "a forgotten client's reports are gone from the files within an hour",
  permissions: "none",
  async fn() {
    const { clock, folder, replica, report, storage } = await open();
    report("kiwi");
    report("pear");
    await clock.advance(500);
    await replica.forget("kiwi");
    await clock.advance(500);
    const content = () =>
      [...folder.files.keys()].map((name) => folder.textOf(name)).join("");
    assertStringIncludes(content(), " kiwi +34-118");
    await clock.advance(maxDeletedMs);
    assert(!content().includes(" kiwi +34-118"), content());
    assertStringIncludes(content(), "FORGET kiwi ");
    assertStringIncludes(content(), " pear +34-118");
    await storage.stop();
    assertEquals(await restored(folder), ["pear"]);
  },
});

Deno.test({
  name: "a start after a deletion removes what was deleted, too",
  permissions: "none",
  async fn() {
    const first = await open();
    first.report("kiwi");
    await first.clock.advance(500);
    await first.replica.forget("kiwi");
    await first.storage.stop();
    const { clock, folder, storage } = await open({}, first.folder);
    await clock.advance(maxDeletedMs + 500);
    for (const name of folder.files.keys()) {
      assert(!folder.textOf(name).includes(" kiwi +34-118"), name);
    }
    await storage.stop();
  },
});

Deno.test({
  name: "an idle server says at intervals that it runs",
  permissions: "none",
  async fn() {
    const { clock, folder, storage } = await open();
    await clock.advance(3 * aliveIntervalMs);
    const times = folder.textOf("tail-1").match(/alive \d+ \d+/g)!;
    assert(times.length >= 3 && times.length <= 4, times.join());
    await storage.stop();
  },
});

Deno.test({
  name:
    "records that a full disk does not take are counted, and repaired later",
  permissions: "none",
  async fn() {
    const { clock, events, folder, report, storage } = await open();
    report("kiwi");
    await clock.advance(500);
    folder.roomBytes = 30;
    report("pear");
    await clock.advance(500);
    assertEquals(storage.state.lostRecords, 1);
    assertEquals(storage.state.fault, "No space left on device");
    assertEquals(
      events.at(-1),
      "data folder failing folder=data/Hill reason=No space left on device",
    );
    report("fig");
    await clock.advance(3 * retryIntervalMs);
    const failures = events.filter((event) => event.includes("failing"));
    assertEquals(failures.length, 1);
    folder.roomBytes = Infinity;
    await clock.advance(retryIntervalMs + 500);
    assertEquals(storage.state.fault, null);
    assertEquals(
      events.filter((event) => event.includes("working")),
      ["data folder working folder=data/Hill lostRecords=1"],
    );
    // The snapshot is written from memory.
    assertStringIncludes(events.at(-1)!, "data snapshot ");
    await storage.stop();
    assertEquals(await restored(folder), ["fig", "kiwi", "pear"]);
  },
});

Deno.test({
  name: "a snapshot for which there is no room leaves the files before it",
  permissions: "none",
  async fn() {
    const { clock, folder, report, storage } = await open({
      minTailBytes: 2000,
    });
    for (let client = 0; client < 30; client++) report(`client${client}`);
    await clock.advance(500);
    const before = storage.state.bytes;
    // Enough for the tails, and not for the snapshot.
    folder.roomBytes = 1600;
    for (let client = 30; client < 45; client++) report(`client${client}`);
    await clock.advance(500);
    assert(storage.state.fault !== null);
    assert(storage.state.bytes >= before);
    assert(![...folder.files.keys()].some((name) => name.endsWith(".part")));
    folder.roomBytes = Infinity;
    await clock.advance(snapshotRetryMs + 1_000);
    assertEquals(storage.state.fault, null);
    await storage.stop();
    assertEquals((await restored(folder)).length, 45);
  },
});

Deno.test({
  name: "nothing waits for a disk that hangs",
  permissions: "none",
  async fn() {
    const { clock, events, folder, report, storage } = await open();
    await clock.advance(500);
    folder.hang();
    report("kiwi");
    await clock.advance(operationTimeoutMs + 2_000);
    assertStringIncludes(storage.state.fault!, "has taken more than 5 s");
    folder.resume();
    await clock.advance(1_500);
    assertEquals(storage.state.fault, null);
    assertEquals(storage.state.lostRecords, 0);
    assertStringIncludes(events.at(-1)!, "data folder working");
    folder.hang();
    report("pear");
    await clock.advance(200);
    report("fig");
    const stopping = storage.stop();
    await clock.advance(4_000);
    await stopping;
    assertStringIncludes(events.at(-1)!, "data incomplete reason=writing to ");
    assertStringIncludes(events.at(-1)!, "lostRecords=1");
    assertEquals(clock.timers, 0);
    folder.resume();
    await clock.advance(100);
  },
});

Deno.test({
  name: "while the disk hangs, changes take no memory, and are written later",
  permissions: "none",
  async fn() {
    const { clock, folder, report, storage } = await open();
    report("kiwi");
    await clock.advance(500);
    folder.hang();
    report("pear");
    await clock.advance(200);
    for (let time = now - 999; time <= now; time++) report("fig", time);
    const { lagBytes } = storage.state;
    assert(lagBytes < 1_000, `${lagBytes} bytes`);
    folder.resume();
    await clock.advance(2_000);
    const { fault, lostRecords } = storage.state;
    assertEquals([fault, lostRecords], [null, 0]);
    const figs = folder.textOf("tail-1").match(/ fig .*/g);
    assertEquals(figs, [` fig +34-118 ${now}`]);
    await storage.stop();
    assertEquals(await restored(folder), ["fig", "kiwi", "pear"]);
  },
});

Deno.test({
  name: "reports are kept with their attributes",
  permissions: "none",
  async fn() {
    const { clock, folder, replica, storage } = await open({
      minTailBytes: 300,
    });
    const put = (client: string) => {
      const iamat = {
        verb: "IAMAT",
        client,
        position: "+34-118",
        time: `${now}`,
      } as const;
      const report = makeReport("Hill", clock.now(), iamat, "accuracy=5");
      replica.put(report, new Settling());
      return report.record;
    };
    const first = put("kiwi");
    await clock.advance(500);
    for (let client = 0; client < 10; client++) put(`client${client}`);
    await clock.advance(500);
    assert(folder.files.has("snapshot-2"), [...folder.files.keys()].join());
    const last = put("pear");
    await storage.stop();
    const next = await open({}, folder);
    assertEquals(next.replica.findRecord("kiwi"), first);
    assertEquals(next.replica.findRecord("pear"), last);
    await next.storage.stop();
  },
});

Deno.test({
  name:
    "reports that have expired because the server was full do not come back",
  permissions: "none",
  async fn() {
    const settings = { maxClients: 3 };
    const { clock, replica, storage, folder } = await open(settings);
    const put = (client: string) =>
      replica.put(reportNow(clock, client), new Settling());
    for (const client of ["kiwi", "pear", "fig", "plum"]) {
      put(client);
      await clock.advance(500);
    }
    assertEquals(namesIn(replica), ["fig", "pear", "plum"]);
    await storage.stop();
    // There is room for more now.
    const next = await openStorage(clock, folder);
    assertEquals(namesIn(next.replica), ["fig", "pear", "plum"]);
    await next.storage.stop();
    // A snapshot has the horizon, too.
    const third = await openStorage(clock, folder, { minTailBytes: 1 });
    await clock.advance(500);
    assert([...folder.files.keys()].some((name) => /^snapshot-/.test(name)));
    await third.storage.stop();
    const last = await openStorage(clock, folder);
    assert(last.replica.records.raisedHorizon !== undefined);
    await last.storage.stop();
  },
});

Deno.test({
  name: "a folder that was begun by a wrong clock is not old after a crash",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const folder = new MemoryFolder();
    const behindSeconds = forgetSeconds + 1_000;
    clock.setBy(-behindSeconds);
    await openStorage(clock, folder);
    await clock.advance(500);
    clock.setBy(behindSeconds);
    await clock.advance(500);
    const left = folder.afterCrash("kill", new Random(1));
    const next = await openStorage(new ManualClock(), left);
    await next.storage.stop();
  },
});

Deno.test({
  name: "a deletion that does not apply while the clock is wrong is kept",
  permissions: "none",
  async fn() {
    const { clock, folder, replica, report, storage } = await open();
    report("kiwi");
    await replica.forget("kiwi");
    clock.setBy(-1_000);
    await clock.advance(500);
    clock.setBy(1_000);
    await storage.stop();
    assertStringIncludes(folder.textOf("tail-1"), "FORGET kiwi ");
  },
});
