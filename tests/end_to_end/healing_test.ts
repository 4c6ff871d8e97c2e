/**
 * How a herd heals: servers are killed and frozen, and the network between two
 * of them is spoiled, while clients report. With `HERD_TEST_TIMES` set, each
 * test prints how long the herd took to agree again.
 *
 * @module
 */
import { assert, assertEquals } from "../assert.ts";
import {
  earliestLinkTimeout,
  knows,
  Ledger,
  Load,
  noteHealing,
  ProxiedPair,
  untilConverged,
  untilLost,
} from "./healing.ts";
import { names, TestHerd, until } from "./process.ts";

Deno.test("what was acknowledged outlives the death of every server in turn", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  const ledger = new Ledger(herd);
  const load = new Load(herd, ledger);
  const idle = Array.from({ length: 500 }, (_, index) => `idle-${index}`);
  await ledger.tell("Hill", ...idle);
  for (const name of names) load.begin(name);
  for (const victim of names) {
    const survivors = names.filter((name) => name !== victim);
    // Nobody reports about these later and covers up that they were lost.
    load.clients = [1, 2, 3].map((index) => `client-${victim}-${index}`);
    await load.untilFurther(names);
    const heldElsewhere = await ledger.untilHeldElsewhere(victim);
    programs.get(victim)!.signal("SIGKILL");
    await programs.get(victim)!.ended();
    assertEquals(await load.end(victim), "cut off");
    ledger.strike(victim, heldElsewhere);
    await load.untilFurther(survivors);
    programs.set(victim, await herd.start(victim));
    load.begin(victim);
    await load.untilFurther([victim]);
  }
  assertEquals(await load.stop(), names.map(() => "stopped"));
  noteHealing(await untilConverged(herd, ledger));
});

Deno.test("a herd that was split agrees when it is whole again", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  const ledger = new Ledger(herd);
  await ledger.tell("Hill", "before", "both", "both-again");
  await untilConverged(herd, ledger);
  // They are all that joins Hill with Singleton and Campbell.
  const bridges = ["Smith", "Jaquez"];
  for (const name of bridges) {
    programs.get(name)!.signal("SIGKILL");
    await programs.get(name)!.ended();
  }
  await ledger.tell("Hill", "left", "both");
  await ledger.tell("Campbell", "right", "both", "both-again");
  await ledger.tell("Hill", "both-again");
  await until(() => knows(herd, "Singleton", "right"));
  assertEquals(await knows(herd, "Hill", "right"), false);
  assertEquals(await knows(herd, "Campbell", "left"), false);
  assertEquals(await knows(herd, "Singleton", "left"), false);
  await Promise.all(bridges.map((name) => herd.start(name)));
  const healing = await untilConverged(herd, ledger);
  assertEquals(healing.agreed, ledger.newest());
  noteHealing(healing);
});

Deno.test("a server that was frozen until all buffers were full catches up", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  const ledger = new Ledger(herd);
  programs.get("Smith")!.signal("SIGSTOP");
  const clients = Array.from(
    { length: 10 },
    (_, index) => `${"x".repeat(40_000)}-${index}`,
  );
  // More than the sockets between Smith and its neighbours hold. Each round has
  // its answers while Smith is frozen.
  for (let round = 1; round <= 20; round++) {
    await ledger.tell("Hill", ...clients);
  }
  await ledger.tell("Campbell", "small", clients[0]);
  await ledger.tell("Jaquez", "small", clients[1]);
  programs.get("Smith")!.signal("SIGCONT");
  const healing = await untilConverged(herd, ledger);
  assertEquals(healing.agreed, ledger.newest());
  noteHealing(healing);
});

Deno.test("a server that was frozen until it was given up is taken back", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll(earliestLinkTimeout);
  const ledger = new Ledger(herd);
  programs.get("Smith")!.signal("SIGSTOP");
  await ledger.tell("Hill", "early", "always");
  for (const neighbour of ["Hill", "Singleton", "Campbell"]) {
    await untilLost(herd, neighbour, "Smith");
  }
  await ledger.tell("Campbell", "late", "always");
  await ledger.tell("Jaquez", "late", "later");
  programs.get("Smith")!.signal("SIGCONT");
  const healing = await untilConverged(herd, ledger);
  assertEquals(healing.agreed, ledger.newest());
  noteHealing(healing);
});

/** Has both servers told of clients of their own, and of one of both. */
async function tellBoth({ ledger }: ProxiedPair, when: string): Promise<void> {
  await ledger.tell("Hill", `${when}-hill`, `${when}-both`, "always");
  await ledger.tell("Jaquez", `${when}-jaquez`, `${when}-both`, "always");
  await ledger.tell("Hill", `${when}-hill-again`);
}

/** The network is good from now on: waits until the two agree. */
async function heal({ herd, ledger, proxy, servers }: ProxiedPair) {
  proxy.set("pass");
  const healing = await untilConverged(herd, ledger, servers);
  assertEquals(healing.agreed, ledger.newest());
  noteHealing(healing);
}

Deno.test("two servers agree after a network that was late", async () => {
  await using pair = await ProxiedPair.start();
  pair.proxy.set("delay");
  for (const when of ["first", "second", "third"]) await tellBoth(pair, when);
  await until(() => pair.proxy.spoiledCount >= 4);
  await tellBoth(pair, "last");
  await heal(pair);
});

Deno.test("two servers agree after a network that cut connections mid-line", async () => {
  await using pair = await ProxiedPair.start();
  pair.proxy.set("truncate");
  await tellBoth(pair, "early");
  await pair.untilUnlinked();
  await tellBoth(pair, "late");
  // Handshakes are cut too.
  await until(() => pair.proxy.spoiledCount >= 5);
  assertEquals(await knows(pair.herd, "Jaquez", "late-hill"), false);
  assertEquals(await knows(pair.herd, "Hill", "late-jaquez"), false);
  await heal(pair);
});

Deno.test("two servers agree after a network that closed every connection", async () => {
  await using pair = await ProxiedPair.start();
  pair.proxy.set("refuse");
  await tellBoth(pair, "early");
  await pair.untilUnlinked();
  await until(() => pair.proxy.spoiledCount >= 5);
  await tellBoth(pair, "late");
  assertEquals(await knows(pair.herd, "Jaquez", "late-hill"), false);
  assertEquals(await knows(pair.herd, "Hill", "late-jaquez"), false);
  await heal(pair);
});

Deno.test("two servers agree after a network that swallowed all they said", async () => {
  await using pair = await ProxiedPair.start(earliestLinkTimeout);
  pair.proxy.set("drop");
  await tellBoth(pair, "early");
  await pair.untilUnlinked();
  await tellBoth(pair, "late");
  assert(pair.proxy.spoiledCount > 0);
  assertEquals(await knows(pair.herd, "Jaquez", "early-hill"), false);
  assertEquals(await knows(pair.herd, "Hill", "early-jaquez"), false);
  await heal(pair);
});

Deno.test("two servers agree after a network that swallowed what one said", async () => {
  await using pair = await ProxiedPair.start(earliestLinkTimeout);
  pair.proxy.set("drop", "Hill");
  await tellBoth(pair, "early");
  await pair.untilUnlinked();
  await tellBoth(pair, "late");
  assert(pair.proxy.spoiledCount > 0);
  assertEquals(await knows(pair.herd, "Jaquez", "early-hill"), false);
  assertEquals(await knows(pair.herd, "Jaquez", "late-hill"), false);
  await heal(pair);
});
