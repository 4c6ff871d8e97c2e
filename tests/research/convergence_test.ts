import {
  measureConvergence,
  planFaults,
  sumUp,
} from "../../research/herds/convergence.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "../assert.ts";
import fc from "../fast_check.ts";
import { anySeed, assertProperty } from "../property.ts";

const pure = { permissions: "none" } as const;

Deno.test(
  "simulated herds that break a rule are counted",
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
    // Every herd has other faults, and larger ones have more.
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
