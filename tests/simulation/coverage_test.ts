import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import {
  affectedLinks,
  countPairs,
  Coverage,
  type CoverageCounts,
  describeCoverage,
  missedRows,
  requiredHerds,
  requiredRows,
  sumCoverage,
} from "./coverage.ts";
import { drawPlan, faultKinds } from "./draw.ts";
import { linkState, observeEffect, serverState } from "./herd_coverage.ts";
import { planPeace, shapeOf } from "./peace.ts";
import type { Fault, Plan, ServerPair } from "./plan.ts";
import { runSeed } from "./run.ts";
import { World } from "./world.ts";

/** Counts in which every row but these occurred once. */
function allBut(...rows: readonly string[]): CoverageCounts {
  const coverage = new Coverage();
  for (const row of requiredRows) if (!rows.includes(row)) coverage.add(row);
  return coverage.counts;
}

function pairsOf(faults: readonly Fault[]): CoverageCounts {
  const links: ServerPair[] = [["A", "B"], ["C", "B"], ["C", "D"]];
  const shape = shapeOf(["A", "B", "C", "D"], links);
  const coverage = new Coverage();
  countPairs({ ...planPeace(1, shape), faults }, coverage);
  return coverage.counts;
}

Deno.test({
  name: "missedRows() is empty if every row has occurred",
  permissions: "none",
  fn() {
    assertEquals(missedRows(sumCoverage([allBut()]), requiredHerds), []);
  },
});

Deno.test({
  name: "missedRows() names a row that has not occurred in a large run",
  permissions: "none",
  fn() {
    for (const row of requiredRows) {
      const sums = sumCoverage([allBut(row), allBut(row)]);
      assertEquals(missedRows(sums, requiredHerds), [row]);
      assertEquals(missedRows(sums, requiredHerds - 1), []);
    }
  },
});

Deno.test({
  name: "missedRows() names a kind of fault that is no longer drawn",
  permissions: "none",
  fn() {
    const plans = Array.from(
      { length: requiredHerds },
      (_, at) => drawPlan(at),
    );
    const isPair = (row: string) => row.includes(" + ");
    const missedWithout = (without?: Fault["kind"]) => {
      const counts = plans.map((plan) => {
        const faults = plan.faults.filter(({ kind }) => kind !== without);
        const coverage = new Coverage();
        countPairs({ ...plan, faults }, coverage);
        return coverage.counts;
      });
      return missedRows(sumCoverage(counts), requiredHerds).filter(isPair);
    };
    assertEquals(missedWithout(), []);
    for (const kind of faultKinds) {
      assertEquals(missedWithout(kind).length, faultKinds.length, kind);
    }
  },
});

Deno.test({
  name: "countPairs() counts faults that overlap in time on the same link",
  permissions: "none",
  fn() {
    const kill: Fault = { kind: "kill", atMs: 10, server: "A", forMs: 100 };
    const slow = (atMs: number, link: ServerPair): Fault => ({
      kind: "slow path",
      atMs,
      link,
      delayMs: 1,
      forMs: 10,
    });
    assertEquals(pairsOf([kill, slow(50, ["B", "A"])]), {
      "kill + slow path": 1,
    });
    // The second fault is too late, or affects another link.
    assertEquals(pairsOf([kill, slow(111, ["A", "B"])]), {});
    assertEquals(pairsOf([kill, slow(50, ["B", "C"])]), {});
    // A split affects all links across it; a cut lasts until the next link.
    const split: Fault = { kind: "split", atMs: 5, side: ["A", "D"], forMs: 1 };
    const cut: Fault = { kind: "cut", atMs: 0, link: ["C", "D"] };
    assertEquals(pairsOf([cut, split]), { "cut + split": 1 });
    assertEquals(pairsOf([kill, kill]), { "kill + kill": 1 });
  },
});

Deno.test({
  name: "affectedLinks() returns the links that a fault affects",
  permissions: "none",
  fn() {
    const links: ServerPair[] = [["A", "B"], ["B", "C"]];
    const affected = (fault: Fault) => affectedLinks(fault, { links });
    const during = { atMs: 0, forMs: 1 };
    assertEquals(affected({ kind: "freeze", server: "B", ...during }), links);
    assertEquals(affected({ kind: "kill", server: "A", ...during }), [
      links[0],
    ]);
    assertEquals(affected({ kind: "cut", link: ["C", "B"], atMs: 0 }), [
      ["C", "B"],
    ]);
    assertEquals(affected({ kind: "split", side: ["A"], ...during }), [
      links[0],
    ]);
  },
});

Deno.test({
  name: "linkState() and serverState() follow a herd from start to power loss",
  permissions: "none",
  async fn() {
    const shape = shapeOf(["Hill", "Smith"], [["Hill", "Smith"]]);
    const slow: Plan = { ...planPeace(1, shape), delayMs: [20, 30] };
    const servers = slow.servers.map((server) => ({ ...server, startMs: 10 }));
    const world = new World({ ...slow, servers });
    const link: ServerPair = ["Smith", "Hill"];
    const states = new Set<string>();
    const addState = () => {
      states.add(`${linkState(link, world)}, ${serverState("Hill", world)}`);
    };
    addState();
    for (let timeMs = 5; timeMs < 1_500; timeMs += 5) {
      await world.time.run(timeMs);
      addState();
    }
    assertEquals([...states], [
      "none, down",
      "none, running",
      "handshaking, running",
      "comparing, catching up",
      "comparing, running",
      "caught up, running",
    ]);
    world.freeze("Hill");
    assertEquals(serverState("Hill", world), "frozen");
    world.thaw("Hill");
    world.network.swallow();
    assertEquals(linkState(link, world), "silently dead");
    world.kill("Hill", { powerLoss: true });
    assertEquals(serverState("Hill", world), "down");
    assertEquals(linkState(link, world), "silently dead");
  },
});

Deno.test({
  name: "observeEffect() returns whether a fault has changed anything",
  permissions: "none",
  async fn() {
    const link: ServerPair = ["Hill", "Smith"];
    const world = new World(planPeace(1, shapeOf(link, [link])));
    await world.time.run(2_000);
    const { network } = world;
    const [at, server] = [{ atMs: 0, forMs: 1 }, { server: "Hill" }];
    const slow: Fault = { kind: "slow path", link, delayMs: 100, ...at };
    // Each happens twice, and the second time there is nothing left to do.
    const faults: [Fault, () => void][] = [
      [slow, () => network.setDelay(...link, 0, 100)],
      [
        { kind: "block one way", link, ...at },
        () => network.block("Hill", "Smith"),
      ],
      [
        { kind: "block both ways", link, ...at },
        () => network.block("Smith", "Hill"),
      ],
      [{ kind: "swallow", link, atMs: 0 }, () => network.swallow(link)],
      [{ kind: "freeze", ...server, ...at }, () => world.freeze("Hill")],
      [
        { kind: "kill", ...server, ...at },
        () => world.kill("Hill", { powerLoss: false }),
      ],
    ];
    for (const [fault, occur] of faults) {
      for (const expected of [true, false]) {
        const hasEffect = observeEffect(fault, world);
        assertEquals(hasEffect(), false, fault.kind);
        occur();
        assertEquals(hasEffect(), expected, fault.kind);
      }
    }
  },
});

Deno.test({
  name:
    "observeEffect() distinguishes a power loss from a kill, and detects cuts",
  permissions: "none",
  async fn() {
    const link: ServerPair = ["Hill", "Smith"];
    const world = new World(planPeace(1, shapeOf(link, [link])));
    await world.time.run(2_000);
    const isCut = observeEffect({ kind: "cut", link, atMs: 0 }, world);
    world.network.cut(link);
    assert(isCut());
    const at = { atMs: 0, forMs: 1, server: "Hill" };
    const isOff = observeEffect({ kind: "power loss", ...at }, world);
    world.kill("Hill", { powerLoss: false });
    assert(!isOff());
    world.restart("Hill");
    world.kill("Hill", { powerLoss: true });
    assert(isOff());
  },
});

Deno.test({
  name: "describeCoverage() prints coverage, which is plain data",
  permissions: "none",
  async fn() {
    const counts: CoverageCounts[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const { coverage } = await runSeed(seed);
      assertEquals(structuredClone(coverage), coverage);
      counts.push(coverage);
    }
    const required = new Set<string>(requiredRows);
    for (const row of counts.flatMap((count) => Object.keys(count))) {
      assert(required.has(row), row);
    }
    const sums = sumCoverage(counts);
    const row = "a link ends: replaced";
    const { herds, times } = sums.get(row)!;
    assert(herds > 0 && herds <= 5 && times >= herds);
    const text = describeCoverage(sums).replace(/ +/g, " ");
    assertStringIncludes(text, `${row} ${times} ${herds}`);
    for (const kind of faultKinds) assertStringIncludes(text, kind);
  },
});
