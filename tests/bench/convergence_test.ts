import fc from "../fast_check.ts";
import type { Context } from "../../bench/context.ts";
import { measureFault } from "../../bench/convergence/faults.ts";
import { judge } from "../../bench/convergence/judge.ts";
import { RestartedHerd } from "../../bench/convergence/restart.ts";
import {
  measureConvergence,
  planFaults,
  sumUp,
} from "../../research/herds/convergence.ts";
import { assignCores } from "../../bench/processes.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";

const pure = { permissions: "none" } as const;

/** Runs something in a folder of its own. */
async function withContext(
  act: (context: Context) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "convergence-" });
  try {
    await act({
      cores: assignCores(),
      folder,
      round: 1,
      secondsAPoint: 1,
      add: () => {},
      missing: () => {},
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "an outage is the longest update that a fault may have touched",
  pure,
  () => {
    const faultMs = 10_000;
    const probe = (atMs: number, tookMs?: number) => ({
      sentMs: faultMs + atMs,
      tookMs,
    });
    const usual = [probe(-1_501, 900), probe(-1_500, 3), probe(-501, 7)];
    const touched = [probe(-500, 8), probe(-1, 120), probe(300, 20)];
    assertEquals(judge([...usual, ...touched], faultMs), {
      outageMs: 120,
      usualMs: 7,
      lost: 0,
    });
    // What never came counts, also before the fault; but not in the warm-up.
    const lost = [probe(-1_600), probe(-700), probe(0), probe(5)];
    assertEquals(judge([...usual, ...touched, ...lost], faultMs), {
      outageMs: 120,
      usualMs: 7,
      lost: 3,
    });
    assertThrows(
      () => judge(usual, faultMs),
      Error,
      "before the fault and after",
    );
  },
);

Deno.test(
  "of simulated herds those that broke a rule are counted",
  pure,
  () => {
    const violations = [{ rule: "no convergence", detail: "" }];
    assertEquals(
      sumUp([
        { convergedAfterMs: 30, violations: [] },
        { convergedAfterMs: undefined, violations },
        { convergedAfterMs: 10, violations: [] },
        { convergedAfterMs: 400, violations },
      ]),
      { convergedP50Ms: 30, convergedMostMs: 400, diverged: 2, herds: 4 },
    );
    assertThrows(
      () => sumUp([{ convergedAfterMs: undefined, violations }]),
      Error,
      "no simulated herd",
    );
  },
);

Deno.test(
  "simulated herds converge, the same way every time",
  pure,
  async () => {
    const found = await measureConvergence(5, 4);
    assertEquals([found.diverged, found.herds], [0, 4]);
    assert(found.convergedP50Ms <= found.convergedMostMs);
    assertEquals(await measureConvergence(5, 4), found);
    assertNotEquals(await measureConvergence(10, 4), found);
    // Every herd has another fate, and larger ones have more faults.
    const property = fc.property(anySeed, anySeed, (seed, other) => {
      fc.pre(seed !== other);
      const { faults } = planFaults(5, seed);
      assertNotEquals(planFaults(5, other).faults, faults);
      assertEquals(faults.length, 10);
      assertEquals(planFaults(40, seed).faults.length, 80);
    });
    assertProperty(property, { numRuns: 20 });
  },
);

Deno.test({
  name: "no update is lost when a server on the way is killed or frozen",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withContext(async (context) => {
      for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
        const outage = await measureFault(context, { signal, watchedMs: 500 });
        assertEquals(outage.lost, 0);
        assert(outage.usualMs > 0 && outage.outageMs > 0);
      }
    }),
});

Deno.test({
  name: "a server that starts anew is ready when it knows all clients",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withContext(async (context) => {
      await using herd = await RestartedHerd.start(context);
      assert(await herd.measure(0, 1) > 0);
      // So many that it takes a while to learn of them.
      await herd.fill(20_000);
      assert(await herd.measure(20_000, 2) > 0);
      await assertRejects(
        () => herd.measure(19_999, 1),
        Error,
        "Campbell knows 20000 clients, not 19999",
      );
    }),
});
