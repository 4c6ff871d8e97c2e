/**
 * Tests that a herd heals after servers were killed or frozen, or the network
 * between two of them was faulty. With `HERD_TEST_TIMES` set, each test prints
 * the time until all servers had the same reports.
 *
 * @module
 */
import { assert, assertEquals } from "../assert.ts";
import {
  AcknowledgedReports,
  earliestLinkTimeout,
  hasReport,
  Load,
  printHealing,
  ProxiedPair,
  untilConverged,
  untilLost,
} from "./healing.ts";
import { names, TestHerd, until } from "./process.ts";

Deno.test("acknowledged reports survive a kill of each server in turn", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  const reports = new AcknowledgedReports(herd);
  const load = new Load(herd, reports);
  const idle = Array.from({ length: 500 }, (_, index) => `idle-${index}`);
  await reports.send("Hill", ...idle);
  for (const name of names) load.begin(name);
  for (const victim of names) {
    const survivors = names.filter((name) => name !== victim);
    // No later report of these clients may hide that one was lost.
    load.clients = [1, 2, 3].map((index) => `client-${victim}-${index}`);
    await load.untilFurther(names);
    const heldElsewhere = await reports.untilHeldElsewhere(victim);
    programs.get(victim)!.signal("SIGKILL");
    await programs.get(victim)!.ended();
    assertEquals(await load.end(victim), "cut off");
    reports.removeLost(victim, heldElsewhere);
    await load.untilFurther(survivors);
    programs.set(victim, await herd.start(victim));
    load.begin(victim);
    await load.untilFurther([victim]);
  }
  assertEquals(await load.stop(), names.map(() => "stopped"));
  printHealing(await untilConverged(herd, reports));
});

Deno.test("the parts of a split herd agree when they are linked again", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  const reports = new AcknowledgedReports(herd);
  await reports.send("Hill", "before", "both", "both-again");
  await untilConverged(herd, reports);
  // Hill reaches Singleton and Campbell only by these.
  const bridges = ["Smith", "Jaquez"];
  for (const name of bridges) {
    programs.get(name)!.signal("SIGKILL");
    await programs.get(name)!.ended();
  }
  await reports.send("Hill", "left", "both");
  await reports.send("Campbell", "right", "both", "both-again");
  await reports.send("Hill", "both-again");
  await until(() => hasReport(herd, "Singleton", "right"));
  assertEquals(await hasReport(herd, "Hill", "right"), false);
  assertEquals(await hasReport(herd, "Campbell", "left"), false);
  assertEquals(await hasReport(herd, "Singleton", "left"), false);
  await Promise.all(bridges.map((name) => herd.start(name)));
  const healing = await untilConverged(herd, reports);
  assertEquals(healing.agreed, reports.newest());
  printHealing(healing);
});

Deno.test("a server that was frozen until all buffers were full catches up", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll(["--max-id-bytes=65536"]);
  const reports = new AcknowledgedReports(herd);
  programs.get("Smith")!.signal("SIGSTOP");
  const clients = Array.from(
    { length: 10 },
    (_, index) => `${"x".repeat(40_000)}-${index}`,
  );
  // More than the socket buffers between Smith and its neighbours. Each round
  // is answered while Smith is frozen.
  for (let round = 1; round <= 20; round++) {
    await reports.send("Hill", ...clients);
  }
  await reports.send("Campbell", "small", clients[0]);
  await reports.send("Jaquez", "small", clients[1]);
  programs.get("Smith")!.signal("SIGCONT");
  const healing = await untilConverged(herd, reports);
  assertEquals(healing.agreed, reports.newest());
  printHealing(healing);
});

Deno.test("a server that was frozen until its links timed out is linked again", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll(earliestLinkTimeout);
  const reports = new AcknowledgedReports(herd);
  programs.get("Smith")!.signal("SIGSTOP");
  await reports.send("Hill", "early", "always");
  for (const neighbour of ["Hill", "Singleton", "Campbell"]) {
    await untilLost(herd, neighbour, "Smith");
  }
  await reports.send("Campbell", "late", "always");
  await reports.send("Jaquez", "late", "later");
  programs.get("Smith")!.signal("SIGCONT");
  const healing = await untilConverged(herd, reports);
  assertEquals(healing.agreed, reports.newest());
  printHealing(healing);
});

/** Sends both servers reports of different clients and of shared ones. */
async function reportToBoth(
  { reports }: ProxiedPair,
  when: string,
): Promise<void> {
  await reports.send("Hill", `${when}-hill`, `${when}-both`, "always");
  await reports.send("Jaquez", `${when}-jaquez`, `${when}-both`, "always");
  await reports.send("Hill", `${when}-hill-again`);
}

/** Ends the faults of the network, and waits until the two servers agree. */
async function heal({ herd, reports, proxy, servers }: ProxiedPair) {
  proxy.set("pass");
  const healing = await untilConverged(herd, reports, servers);
  assertEquals(healing.agreed, reports.newest());
  printHealing(healing);
}

Deno.test("two servers agree after a network with delays", async () => {
  await using pair = await ProxiedPair.start();
  pair.proxy.set("delay");
  for (const when of ["first", "second", "third"]) {
    await reportToBoth(pair, when);
  }
  await until(() => pair.proxy.spoiledCount >= 4);
  await reportToBoth(pair, "last");
  await heal(pair);
});

Deno.test("two servers agree after a network that closed connections within lines", async () => {
  await using pair = await ProxiedPair.start();
  pair.proxy.set("truncate");
  await reportToBoth(pair, "early");
  await pair.untilUnlinked();
  await reportToBoth(pair, "late");
  // Handshakes are cut too.
  await until(() => pair.proxy.spoiledCount >= 5);
  assertEquals(await hasReport(pair.herd, "Jaquez", "late-hill"), false);
  assertEquals(await hasReport(pair.herd, "Hill", "late-jaquez"), false);
  await heal(pair);
});

Deno.test("two servers agree after a network that closed every connection", async () => {
  await using pair = await ProxiedPair.start();
  pair.proxy.set("refuse");
  await reportToBoth(pair, "early");
  await pair.untilUnlinked();
  await until(() => pair.proxy.spoiledCount >= 5);
  await reportToBoth(pair, "late");
  assertEquals(await hasReport(pair.herd, "Jaquez", "late-hill"), false);
  assertEquals(await hasReport(pair.herd, "Hill", "late-jaquez"), false);
  await heal(pair);
});

Deno.test("two servers agree after a network that dropped all bytes", async () => {
  await using pair = await ProxiedPair.start(earliestLinkTimeout);
  pair.proxy.set("drop");
  await reportToBoth(pair, "early");
  await pair.untilUnlinked();
  await reportToBoth(pair, "late");
  assert(pair.proxy.spoiledCount > 0);
  assertEquals(await hasReport(pair.herd, "Jaquez", "early-hill"), false);
  assertEquals(await hasReport(pair.herd, "Hill", "early-jaquez"), false);
  await heal(pair);
});

Deno.test("two servers agree after a network that dropped the bytes of one", async () => {
  await using pair = await ProxiedPair.start(earliestLinkTimeout);
  pair.proxy.set("drop", "Hill");
  await reportToBoth(pair, "early");
  await pair.untilUnlinked();
  await reportToBoth(pair, "late");
  assert(pair.proxy.spoiledCount > 0);
  assertEquals(await hasReport(pair.herd, "Jaquez", "early-hill"), false);
  assertEquals(await hasReport(pair.herd, "Jaquez", "late-hill"), false);
  await heal(pair);
});
