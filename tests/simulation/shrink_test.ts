import { assert, assertEquals } from "../assert.ts";
import { drawPlan } from "./draw.ts";
import { shapeOf } from "./peace.ts";
import { epochMs, type Fault, type Plan } from "./plan.ts";
import { shrink } from "./shrink.ts";

/** A clock that stands still, so that no test depends on the machine's speed. */
const stopped = () => 0;

/** The settings of a plan after all simplifications. */
const simplestSettings = {
  catchUp: true,
  secrets: [],
  timeoutMs: 5_000,
  bufferBytes: 64 * 1024,
  recentReports: 2 ** 10,
  delayMs: [10, 10],
  healAtMs: 6_000,
} as const;

/** Large plans of all kinds. */
function drawPlans(): Plan[] {
  return Array.from({ length: 200 }, (_, index) => drawPlan(index + 1))
    .filter(({ servers }) => servers.length >= 10);
}

Deno.test({
  name: "shrink() keeps only the two faults that the failure needs",
  permissions: "none",
  async fn() {
    const plans = drawPlans().filter(({ catchUp }) => catchUp);
    assert(plans.length >= 20, `${plans.length}`);
    for (const plan of plans) {
      const link = plan.links[3];
      const [server] = link;
      const kill: Fault = { kind: "kill", atMs: 2_345.6, server, forMs: 777.7 };
      const cut: Fault = { kind: "cut", atMs: 3_456.7, link };
      const others = plan.faults.filter(({ kind }) =>
        kind !== "kill" && kind !== "cut" && kind !== "power loss"
      );
      const faults = [kill, ...others, cut];
      const shrunk = await shrink({ ...plan, faults }, ({ faults }) => {
        const kill = faults.find(({ kind }) => kind === "kill");
        const cut = faults.find(({ kind }) => kind === "cut");
        return Promise.resolve(
          kill !== undefined && cut !== undefined && kill.atMs < cut.atMs,
        );
      }, stopped);
      // The servers keep their order.
      const names = plan.servers.map(({ name }) => name)
        .filter((name) => link.includes(name));
      assertEquals(shrunk, {
        ...simplestSettings,
        ...shapeOf(names, [link]),
        seed: plan.seed,
        reports: [],
        faults: [{ ...kill, atMs: 2_000, forMs: 1 }, { ...cut, atMs: 3_000 }],
      });
    }
  },
});

Deno.test({
  name: "shrink() keeps only the one report that the failure needs",
  permissions: "none",
  async fn() {
    for (const plan of drawPlans()) {
      const { position } = plan.reports[7];
      const shrunk = await shrink(
        plan,
        ({ reports }) =>
          Promise.resolve(reports.some((one) => one.position === position)),
        stopped,
      );
      const { reports: [report] } = shrunk;
      assertEquals(shrunk.reports.length, 1);
      assertEquals(report, {
        atMs: Math.floor(report.atMs / 1_000) * 1_000,
        client: report.client,
        server: report.server,
        position,
        time: ((epochMs + report.atMs) / 1_000).toFixed(6),
      });
      assertEquals({ ...shrunk, reports: [], healAtMs: 6_000 }, {
        ...simplestSettings,
        ...shapeOf([report.server], []),
        seed: plan.seed,
        reports: [],
        faults: [],
      });
    }
  },
});

Deno.test({
  name: "shrink() runs only plans of connected herds that heal at the end",
  permissions: "none",
  async fn() {
    for (const plan of drawPlans()) {
      const needed = [...plan.servers.slice(0, 2), ...plan.servers.slice(-2)];
      const isNeeded = (name: string) =>
        needed.some((server) => server.name === name);
      let runs = 0;
      const shrunk = await shrink(plan, (smaller) => {
        runs += 1;
        const { faults, healAtMs, reports, servers } = smaller;
        assert(isConnected(smaller));
        assert(healAtMs >= 6_000);
        const names = new Set(servers.map(({ name }) => name));
        for (const { atMs, server } of reports) {
          assert(atMs <= healAtMs && names.has(server));
          assert(atMs >= (smaller.catchUp ? 0 : 5_000));
        }
        for (const fault of faults) {
          assert(fault.atMs <= healAtMs);
          const affected = "server" in fault
            ? [fault.server]
            : "link" in fault
            ? fault.link
            : fault.side;
          assert(affected.length > 0);
          assert(affected.every((name) => names.has(name)));
        }
        return Promise.resolve(
          servers.filter(({ name }) => isNeeded(name)).length === 4,
        );
      }, stopped);
      assertEquals(shrunk.links.length, shrunk.servers.length - 1);
      assert(runs <= 3_000, `${runs}`);
    }
  },
});

/** Whether all servers are connected. */
function isConnected({ links, servers }: Plan): boolean {
  const groups = new Map(servers.map(({ name }) => [name, name]));
  for (const [one, other] of links) {
    const [from, to] = [groups.get(one), groups.get(other)!];
    for (const [name, group] of groups) {
      if (group === from) groups.set(name, to);
    }
  }
  return new Set(groups.values()).size === 1;
}

Deno.test({
  name: "shrink() returns the smallest plan so far when its time is over",
  permissions: "none",
  async fn() {
    const [plan] = drawPlans();
    let nowMs = 0;
    let smallest = plan;
    const shrunk = await shrink(plan, (smaller) => {
      nowMs += 20_000;
      const fails = smaller.servers.length > 3;
      if (fails) smallest = smaller;
      return Promise.resolve(fails);
    }, () => nowMs);
    assertEquals(nowMs, 60_000);
    assertEquals(shrunk, smallest);
    assert(smallest !== plan);
  },
});

Deno.test({
  name: "shrink() ends after 3,000 herds",
  permissions: "none",
  async fn() {
    const plan = drawPlans().find(({ reports }) => reports.length > 500)!;
    let runs = 0;
    const shrunk = await shrink(plan, ({ reports }) => {
      runs += 1;
      return Promise.resolve(reports.length > 450);
    }, stopped);
    assertEquals(runs, 3_000);
    assert(shrunk.reports.length > 450);
  },
});
