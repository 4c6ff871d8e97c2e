import fc from "../fast_check.ts";
import { assert, assertEquals } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";
import { planPeace, shapeOf } from "./peace.ts";
import { epochMs, type Plan } from "./plan.ts";
import { measureRedundancy } from "./redundancy.ts";
import { runSeed } from "./run.ts";
import type { SimulatedServer } from "./simulated_server.ts";
import { World } from "./world.ts";

/** A herd in which nothing goes wrong and no client says anything. */
function openWorld(
  seed: number,
  change: Partial<Plan> = {},
  onEvent?: (text: string) => void,
): World {
  return new World({ ...planPeace(seed), ...change }, onEvent);
}

/** A client tells one server where it is; returns the AT line. */
function tell(world: World, server: string, client: string): string {
  const time = ((epochMs + world.time.elapsedMs) / 1000).toFixed(6);
  const position = "+34-118";
  return world.servers.get(server)!
    .report({ verb: "IAMAT", client, position, time }).line;
}

function linkCount(world: World): number {
  return [...world.servers.values()].flatMap(({ linked }) => linked).length / 2;
}

Deno.test({
  name: "the same seed is the same herd with the same fate",
  permissions: "none",
  async fn() {
    const fates: string[][] = [[], []];
    const outcomes = [];
    for (const fate of fates) {
      outcomes.push(await runSeed(11, (event) => fate.push(event)));
    }
    assert(fates[0].length > 20);
    assertEquals(fates[0], fates[1]);
    assertEquals(outcomes[0], outcomes[1]);
  },
});

Deno.test({
  name: "herds converge, whatever goes wrong: twenty seeds of many",
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
  name: "a report crosses five links at most on average in the default herd",
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
  name: "five servers that start together link at once and do not storm",
  permissions: "none",
  async fn() {
    for (let seed = 1; seed <= 20; seed++) {
      let handshakes = 0;
      const world = openWorld(seed, {}, (event) => {
        if (/link up|refused|dial failed/.test(event)) handshakes += 1;
      });
      // The last of them starts within half a second.
      await world.time.run(750);
      assertEquals(linkCount(world), 6, `seed ${seed}`);
      await world.time.run(30_000);
      assertEquals(linkCount(world), 6);
      assertEquals(world.network.connections.size, 6);
      // Six links, each tried from both sides, and a few times too early.
      assert(handshakes <= 48, `seed ${seed}: ${handshakes}`);
    }
  },
});

Deno.test({
  name: "a server that restarts is linked again within 250 ms, and knows all",
  permissions: "none",
  async fn() {
    for (let seed = 1; seed <= 20; seed++) {
      for (const powerLoss of [false, true]) {
        const world = openWorld(seed);
        await world.time.run(1_000);
        const lines = Array.from(
          { length: 100 },
          (_, index) => tell(world, "Campbell", `client-${index}`),
        );
        await world.time.run(2_000);
        world.kill("Smith", { powerLoss });
        // Long enough for the neighbours to wait as long as they ever do.
        await world.time.run(40_000);
        world.restart("Smith");
        await world.time.run(40_250);
        const { linked, replica } = world.servers.get("Smith")!;
        assertEquals(linked.length, 3, `seed ${seed}`);
        assertEquals([...replica.lines()].sort(), lines.sort());
      }
    }
  },
});

Deno.test({
  name: "a neighbour that cannot be reached is told of once, and dialled again",
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
  name: "a frozen server slows nobody, and catches up when it wakes",
  permissions: "none",
  async fn() {
    for (let seed = 1; seed <= 10; seed++) {
      const world = openWorld(seed);
      await world.time.run(1_000);
      // Until the ways that reports take have settled.
      for (let round = 0; round < 50; round++) {
        for (const name of world.servers.keys()) tell(world, name, name);
        await world.time.run(world.time.elapsedMs + 50);
      }
      const frozen = [...world.servers.keys()][seed % 5];
      const others = [...world.servers.values()]
        .filter(({ name }) => name !== frozen);
      world.freeze(frozen);
      for (let round = 0; round < 10; round++) {
        for (const { name } of others) {
          const line = tell(world, name, name);
          const toldMs = world.time.elapsedMs;
          // The first one may have to be asked for, once or twice on its way.
          await world.time.run(toldMs + (round === 0 ? 250 : 25));
          for (const { replica } of others) {
            assertEquals(
              replica.newest(name),
              line,
              `${seed}: ${frozen} frozen`,
            );
          }
        }
      }
      world.thaw(frozen);
      await world.time.run(world.time.elapsedMs + 3_000);
      const known = (server: SimulatedServer) =>
        [...server.replica.lines()].sort();
      for (const server of others) {
        assertEquals(known(server), known(world.servers.get(frozen)!));
      }
    }
  },
});

Deno.test({
  name: "no report is lost while two connections settle to one",
  permissions: "none",
  async fn() {
    const names = ["Hill", "Smith"];
    for (let seed = 1; seed <= 200; seed++) {
      // Without catch-up, so that nothing is repaired.
      const shape = shapeOf(names, [["Hill", "Smith"]]);
      const plan = { ...planPeace(seed, shape), catchUp: false };
      const world = new World(plan);
      const told = new Set<string>();
      for (let timeMs = 1; timeMs < 1_500; timeMs += 2) {
        await world.time.run(timeMs);
        for (const name of names) {
          const server = world.servers.get(name);
          const isKnown = told.has(name) || server?.linked.length === 1;
          if (!isKnown) continue;
          // Once it was linked, what it is told must not be lost.
          told.add(name);
          tell(world, name, `${name}-${timeMs}`);
        }
      }
      await world.time.run(3_000);
      const [hill, smith] = names.map((name) =>
        [...world.servers.get(name)!.replica.lines()].sort()
      );
      assertEquals(hill, smith, `seed ${seed}`);
      assert(hill.length > 500, `${hill.length}`);
      assertEquals(world.network.connections.size, 1);
    }
  },
});
