import fc from "../fast_check.ts";
import { assert, assertEquals } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";
import { planPeace, shapeOf } from "./peace.ts";
import { epochMs, type Plan } from "./plan.ts";
import { measureRedundancy } from "./redundancy.ts";
import { runSeed } from "./run.ts";
import type { SimulatedServer } from "./simulated_server.ts";
import { World } from "./world.ts";

/** A herd without faults and reports. */
function openWorld(
  seed: number,
  change: Partial<Plan> = {},
  onEvent?: (text: string) => void,
): World {
  return new World({ ...planPeace(seed), ...change }, onEvent);
}

/** Reports a client's position to a server. Returns the AT line. */
function report(world: World, server: string, client: string): string {
  const time = ((epochMs + world.time.elapsedMs) / 1000).toFixed(6);
  const position = "+34-118";
  return world.servers.get(server)!
    .report({ verb: "IAMAT", client, position, time }).record;
}

function linkCount(world: World): number {
  return [...world.servers.values()].flatMap(({ linked }) => linked).length / 2;
}

Deno.test({
  name: "the same seed gives the same herd with the same events",
  permissions: "none",
  async fn() {
    const runs: string[][] = [[], []];
    const outcomes = [];
    for (const events of runs) {
      outcomes.push(await runSeed(11, (event) => events.push(event)));
    }
    assert(runs[0].length > 20);
    assertEquals(runs[0], runs[1]);
    assertEquals(outcomes[0], outcomes[1]);
  },
});

Deno.test({
  name: "herds converge after all kinds of faults: 20 seeds",
  permissions: "none",
  async fn() {
    await assertProperty(
      fc.asyncProperty(anySeed, async (seed) => {
        const { violations } = await runSeed(seed);
        assertEquals(violations, [], `deno task simulate --seed ${seed}`);
      }),
      { numRuns: 20 },
    );
  },
});

Deno.test({
  name: "a report crosses at most 5 links on average in the default herd",
  permissions: "none",
  async fn() {
    for (const reportsPerSecond of [100, 1_000, 5_000]) {
      const { crossings, floodedCrossings, reports } = await measureRedundancy(
        reportsPerSecond,
        2_000,
        1_000 / reportsPerSecond,
      );
      assert(reports > reportsPerSecond);
      assertEquals(floodedCrossings, 8);
      assert(crossings <= 5, `${crossings} at ${reportsPerSecond}/s`);
    }
  },
});

Deno.test({
  name: "5 servers that start together link at once, with few handshakes",
  permissions: "none",
  async fn() {
    for (let seed = 1; seed <= 20; seed++) {
      let handshakes = 0;
      const world = openWorld(seed, {}, (event) => {
        if (/link up|refused|dial failed/.test(event)) handshakes += 1;
      });
      // The last server starts within 500 ms.
      await world.time.run(750);
      assertEquals(linkCount(world), 6, `seed ${seed}`);
      await world.time.run(30_000);
      assertEquals(linkCount(world), 6);
      assertEquals(world.network.connections.size, 6);
      // 6 links, each dialled from both sides, and a few times too early.
      assert(handshakes <= 48, `seed ${seed}: ${handshakes}`);
    }
  },
});

Deno.test({
  name: "a restarted server has all links and reports within 250 ms",
  permissions: "none",
  async fn() {
    for (let seed = 1; seed <= 20; seed++) {
      for (const powerLoss of [false, true]) {
        const world = openWorld(seed);
        await world.time.run(1_000);
        const lines = Array.from(
          { length: 100 },
          (_, index) => report(world, "Campbell", `client-${index}`),
        );
        await world.time.run(2_000);
        world.kill("Smith", { powerLoss });
        // So long that the neighbours have reached the longest wait.
        await world.time.run(40_000);
        world.restart("Smith");
        await world.time.run(40_250);
        const { linked, router } = world.servers.get("Smith")!;
        assertEquals(linked.length, 3, `seed ${seed}`);
        assertEquals([...router.records()].sort(), lines.sort());
      }
    }
  },
});

Deno.test({
  name: "an unreachable neighbour is logged once, and dialled again",
  permissions: "none",
  async fn() {
    const events: string[] = [];
    const world = openWorld(1, {}, (event) => events.push(event));
    for (const [from, to] of [["Hill", "Smith"], ["Smith", "Hill"]]) {
      world.network.block(from, to);
    }
    await world.time.run(60_000);
    const failures = events.filter((event) =>
      event.includes("no connection in 2000 ms")
    );
    assertEquals(failures.length, 2);
    assertEquals(linkCount(world), 5);
    world.network.unblockAll();
    await world.time.run(63_000);
    assertEquals(linkCount(world), 6);
  },
});

Deno.test({
  name: "a frozen server delays no other server, and catches up after its thaw",
  permissions: "none",
  async fn() {
    for (let seed = 1; seed <= 10; seed++) {
      const world = openWorld(seed);
      await world.time.run(1_000);
      // Until PRUNE and GRAFT have settled.
      for (let round = 0; round < 50; round++) {
        for (const name of world.servers.keys()) report(world, name, name);
        await world.time.run(world.time.elapsedMs + 50);
      }
      const frozen = [...world.servers.keys()][seed % 5];
      const others = [...world.servers.values()]
        .filter(({ name }) => name !== frozen);
      world.freeze(frozen);
      for (let round = 0; round < 10; round++) {
        for (const { name } of others) {
          const line = report(world, name, name);
          const reportedMs = world.time.elapsedMs;
          // The first one may have to be requested by one or two servers.
          await world.time.run(reportedMs + (round === 0 ? 250 : 25));
          for (const { router } of others) {
            assertEquals(
              router.newestRecord(name),
              line,
              `${seed}: ${frozen} frozen`,
            );
          }
        }
      }
      world.thaw(frozen);
      await world.time.run(world.time.elapsedMs + 3_000);
      const linesOf = (server: SimulatedServer) =>
        [...server.router.records()].sort();
      for (const server of others) {
        assertEquals(linesOf(server), linesOf(world.servers.get(frozen)!));
      }
    }
  },
});

Deno.test({
  name: "no report is lost while one of two connections is drained",
  permissions: "none",
  async fn() {
    const names = ["Hill", "Smith"];
    for (let seed = 1; seed <= 200; seed++) {
      // Without catch-up, so that nothing is repaired.
      const shape = shapeOf(names, [["Hill", "Smith"]]);
      const plan = { ...planPeace(seed, shape), catchUp: false };
      const world = new World(plan);
      const linked = new Set<string>();
      for (let timeMs = 1; timeMs < 1_500; timeMs += 2) {
        await world.time.run(timeMs);
        for (const name of names) {
          const server = world.servers.get(name);
          const wasLinked = linked.has(name) || server?.linked.length === 1;
          if (!wasLinked) continue;
          // Once it was linked, its reports must not be lost.
          linked.add(name);
          report(world, name, `${name}-${timeMs}`);
        }
      }
      await world.time.run(3_000);
      const [hill, smith] = names.map((name) =>
        [...world.servers.get(name)!.router.records()].sort()
      );
      assertEquals(hill, smith, `seed ${seed}`);
      assert(hill.length > 500, `${hill.length}`);
      assertEquals(world.network.connections.size, 1);
    }
  },
});
