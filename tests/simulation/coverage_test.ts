import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import {
  countPairs,
  Coverage,
  type CoverageCounts,
  describeCoverage,
  judgedHerds,
  linksMet,
  missedRows,
  requiredRows,
  sumCoverage,
} from "./coverage.ts";
import { drawPlan, faultKinds } from "./draw.ts";
import { linkState, serverState } from "./herd_coverage.ts";
import { planPeace, shapeOf } from "./peace.ts";
import type { Fault, Plan, ServerPair } from "./plan.ts";
import { runSeed } from "./run.ts";
import { World } from "./world.ts";

/** Every row but these occurred once. */
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
  name: "a run that covers all is told of nothing",
  permissions: "none",
  fn() {
    assertEquals(missedRows(sumCoverage([allBut()]), judgedHerds), []);
  },
});

Deno.test({
  name: "a row that does not occur in a large run is named",
  permissions: "none",
  fn() {
    for (const row of requiredRows) {
      const sums = sumCoverage([allBut(row), allBut(row)]);
      assertEquals(missedRows(sums, judgedHerds), [row]);
      assertEquals(missedRows(sums, judgedHerds - 1), []);
    }
  },
});

Deno.test({
  name: "a kind of fault that is drawn no longer is missed",
  permissions: "none",
  fn() {
    const plans = Array.from({ length: judgedHerds }, (_, at) => drawPlan(at));
    const isPair = (row: string) => row.includes(" + ");
    const missedWithout = (without?: Fault["kind"]) => {
      const counts = plans.map((plan) => {
        const faults = plan.faults.filter(({ kind }) => kind !== without);
        const coverage = new Coverage();
        countPairs({ ...plan, faults }, coverage);
        return coverage.counts;
      });
      return missedRows(sumCoverage(counts), judgedHerds).filter(isPair);
    };
    assertEquals(missedWithout(), []);
    for (const kind of faultKinds) {
      assertEquals(missedWithout(kind).length, faultKinds.length, kind);
    }
  },
});

Deno.test({
  name: "faults make a pair if they overlap on a link, or on a server of it",
  permissions: "none",
  fn() {
    const kill: Fault = { kind: "kill", atMs: 10, server: "A", forMs: 100 };
    const slow = (atMs: number, link: ServerPair): Fault => ({
      kind: "slow way",
      atMs,
      link,
      delayMs: 1,
      forMs: 10,
    });
    assertEquals(pairsOf([kill, slow(50, ["B", "A"])]), {
      "kill + slow way": 1,
    });
    // Too late, and elsewhere.
    assertEquals(pairsOf([kill, slow(111, ["A", "B"])]), {});
    assertEquals(pairsOf([kill, slow(50, ["B", "C"])]), {});
    // A split meets all links across; a cut takes effect until the next link.
    const split: Fault = { kind: "split", atMs: 5, side: ["A", "D"], forMs: 1 };
    const cut: Fault = { kind: "cut", atMs: 0, link: ["C", "D"] };
    assertEquals(pairsOf([cut, split]), { "cut + split": 1 });
    assertEquals(pairsOf([kill, kill]), { "kill + kill": 1 });
  },
});

Deno.test({
  name: "the links that a fault meets",
  permissions: "none",
  fn() {
    const links: ServerPair[] = [["A", "B"], ["B", "C"]];
    const met = (fault: Fault) => linksMet(fault, { links });
    const during = { atMs: 0, forMs: 1 };
    assertEquals(met({ kind: "freeze", server: "B", ...during }), links);
    assertEquals(met({ kind: "kill", server: "A", ...during }), [links[0]]);
    assertEquals(met({ kind: "cut", link: ["C", "B"], atMs: 0 }), [["C", "B"]]);
    assertEquals(met({ kind: "split", side: ["A"], ...during }), [links[0]]);
  },
});

Deno.test({
  name: "the states of a link and of a server, from start to power loss",
  permissions: "none",
  async fn() {
    const shape = shapeOf(["Hill", "Smith"], [["Hill", "Smith"]]);
    const slow: Plan = { ...planPeace(1, shape), delayMs: [20, 30] };
    const servers = slow.servers.map((server) => ({ ...server, startMs: 10 }));
    const world = new World({ ...slow, servers });
    const link: ServerPair = ["Smith", "Hill"];
    const seen = new Set<string>();
    const look = () => {
      seen.add(`${linkState(link, world)}, ${serverState("Hill", world)}`);
    };
    look();
    for (let timeMs = 5; timeMs < 1_500; timeMs += 5) {
      await world.time.run(timeMs);
      look();
    }
    assertEquals([...seen], [
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
  name: "what a herd has covered is plain data, and the tables show it",
  permissions: "none",
  async fn() {
    const counts: CoverageCounts[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const { coverage } = await runSeed(seed);
      assertEquals(structuredClone(coverage), coverage);
      counts.push(coverage);
    }
    const known = new Set<string>(requiredRows);
    for (const row of counts.flatMap((count) => Object.keys(count))) {
      assert(known.has(row), row);
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
