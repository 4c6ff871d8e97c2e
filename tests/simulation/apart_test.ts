import { assertEquals } from "../assert.ts";
import { planPeace, shapeOf } from "./peace.ts";
import { epochMs, type ServerPair } from "./plan.ts";
import { World } from "./world.ts";

/** How long deletions are kept in these herds; SEEN is sent every minute. */
const forgetSeconds = 300;
const forgetMs = forgetSeconds * 1000;

/** A herd of these servers and links, and its events. */
function openWorld(names: string, links: string) {
  const pairs = links.split(" ").map((link) =>
    [link[0], link[1]] as ServerPair
  );
  const events: string[] = [];
  const plan = { ...planPeace(1, shapeOf([...names], pairs)), forgetSeconds };
  const world = new World(plan, (event) => events.push(event));
  const later = (ms: number) => world.time.run(world.time.elapsedMs + ms);
  const report = (server: string, client: string) =>
    world.servers.get(server)!.report({
      verb: "IAMAT",
      client,
      position: "+34-118",
      time: ((epochMs + world.time.elapsedMs) / 1000).toFixed(6),
    });
  const forget = (server: string, client: string) =>
    world.servers.get(server)!.forget(client);
  /** The servers that have a report of a client, by name. */
  const having = (client: string) =>
    [...world.servers.values()]
      .filter(({ router }) => router.newestRecord(client) !== undefined)
      .map(({ name }) => name).sort().join("");
  /** Cuts or opens the paths between two groups of servers, in both ways. */
  const cross = (one: string, other: string, change: "block" | "unblock") => {
    for (const from of one) {
      for (const to of other) {
        world.network[change](from, to);
        world.network[change](to, from);
      }
    }
  };
  const warned = () =>
    events.filter((event) => event.includes("apart too long")).length;
  return { cross, forget, having, later, report, warned, world };
}

Deno.test({
  name: "a report whose deletion has ended does not come back from afar",
  permissions: "none",
  async fn() {
    const { cross, forget, having, later, report, warned, world } = openWorld(
      "ABC",
      "AB BC AC",
    );
    await later(5_000);
    report("A", "kiwi");
    report("A", "pear");
    await later(1_000);
    assertEquals(having("kiwi"), "ABC");
    cross("AB", "C", "block");
    await later(20_000);
    forget("A", "kiwi");
    await later(forgetMs + 30_000);
    assertEquals([having("kiwi"), having("pear")], ["C", "ABC"]);
    assertEquals(world.servers.get("A")!.router.deletions, 0);
    cross("AB", "C", "unblock");
    await later(90_000);
    assertEquals(having("kiwi"), "C");
    assertEquals(warned() > 0, true);
    // All else goes on.
    report("C", "plum");
    report("B", "pear");
    forget("B", "pear");
    await later(1_000);
    assertEquals([having("plum"), having("pear")], ["ABC", ""]);
    // The operator restarts the server that was away.
    world.kill("C", { powerLoss: false });
    world.restart("C");
    await later(10_000);
    assertEquals([having("kiwi"), having("plum")], ["", "ABC"]);
  },
});

Deno.test({
  name: "a server that was down for longer is given old reports at its start",
  permissions: "none",
  async fn() {
    const { having, later, report, warned, world } = openWorld(
      "ABC",
      "AB BC AC",
    );
    await later(5_000);
    report("A", "kiwi");
    await later(1_000);
    world.kill("C", { powerLoss: true });
    await later(forgetMs + 60_000);
    world.restart("C");
    await later(10_000);
    assertEquals(having("kiwi"), "ABC");
    // All are restarted in turn, at once after each other.
    for (const name of "ABC") {
      world.kill(name, { powerLoss: false });
      world.restart(name);
      await later(5_000);
      assertEquals(having("kiwi"), "ABC");
    }
    const before = warned();
    await later(forgetMs);
    report("B", "kiwi");
    await later(1_000);
    assertEquals([having("kiwi"), warned()], ["ABC", before]);
  },
});

Deno.test({
  name: "a link that was down for longer does no harm if others were up",
  permissions: "none",
  async fn() {
    const { cross, having, later, report, warned } = openWorld(
      "ABC",
      "AB BC AC",
    );
    await later(5_000);
    report("A", "kiwi");
    cross("A", "C", "block");
    await later(2 * forgetMs);
    cross("A", "C", "unblock");
    await later(70_000);
    assertEquals([having("kiwi"), warned()], ["ABC", 0]);
  },
});

Deno.test({
  name: "two halves of a herd that were apart exchange no old reports",
  permissions: "none",
  async fn() {
    const { cross, forget, having, later, report, world } = openWorld(
      "ABCD",
      "AB BC CD DA",
    );
    await later(5_000);
    report("A", "kiwi");
    await later(1_000);
    cross("AB", "CD", "block");
    await later(20_000);
    forget("A", "kiwi");
    for (const name of "ABCDABCD") {
      // Every server is upgraded, and catches up with the one beside it.
      await later(forgetMs / 5);
      world.kill(name, { powerLoss: false });
      world.restart(name);
    }
    await later(forgetMs / 5);
    assertEquals(having("kiwi"), "CD");
    cross("AB", "CD", "unblock");
    await later(2 * forgetMs);
    assertEquals(having("kiwi"), "CD");
  },
});
