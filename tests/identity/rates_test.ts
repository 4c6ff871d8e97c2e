import fc from "../fast_check.ts";
import { IdentityRates, Rate } from "../../identity/rates.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

Deno.test({
  name: "a second's worth may be used at once, and then the rate holds",
  permissions: "none",
  fn() {
    const rate = new Rate(10, 0);
    for (let count = 0; count < 10; count++) {
      assertEquals(rate.waitMs(0), 0);
      rate.use(1, 0);
    }
    assertAlmostEquals(rate.waitMs(0), 100, 0.001);
    assertAlmostEquals(rate.waitMs(40), 60, 0.001);
    assertEquals(rate.waitMs(100), 0);
    rate.use(1, 100);
    assert(!rate.isFull(1_000));
    assert(rate.isFull(1_100));
    // A long silence does not save more than a second's worth.
    rate.use(10, 1e9);
    assertAlmostEquals(rate.waitMs(1e9), 100, 0.001);
  },
});

Deno.test({
  name: "what is used beyond the rate is owed",
  permissions: "none",
  fn() {
    const rate = new Rate(10, 0);
    rate.use(200, 0);
    assertAlmostEquals(rate.waitMs(0), 19_100, 0.001);
    assertEquals(rate.waitMs(19_100), 0);
  },
});

Deno.test({
  name: "a rate below one a second allows one at a time",
  permissions: "none",
  fn() {
    const rate = new Rate(0.1, 0);
    assertEquals(rate.waitMs(0), 0);
    rate.use(1, 0);
    assertAlmostEquals(rate.waitMs(0), 10_000, 0.001);
    assertEquals(rate.waitMs(10_000), 0);
  },
});

Deno.test({
  name: "a client that waits as told uses the rate, and never more",
  permissions: "none",
  fn() {
    const property = fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1 }),
      (perSecond, pauses) => {
        const rate = new Rate(perSecond, 0);
        let atMs = 0;
        let used = 0;
        for (const pause of pauses) {
          atMs += pause;
          atMs += rate.waitMs(atMs);
          assertEquals(rate.waitMs(atMs), 0);
          rate.use(1, atMs);
          used += 1;
          const most = perSecond + perSecond * atMs / 1000;
          assert(used <= most + 1e-6, `${used} of ${most}`);
        }
      },
    );
    assertProperty(property, {
      examples: [[3, [0, 0, 0, 0, 0, 0, 0]]],
    });
  },
});

Deno.test({
  name:
    "rates of identities go on after a connection, and their number is limited",
  permissions: "none",
  fn() {
    const rates = new IdentityRates(1, 2);
    rates.of("a", 0).use(1, 0);
    assert(rates.of("a", 0).waitMs(0) > 0);
    assertEquals(rates.of("b", 0).waitMs(0), 0);
    rates.of("a", 0);
    rates.of("c", 0);
    // b was used longest ago, and was full.
    assertEquals([rates.count, rates.forgotten], [2, 0]);
    assert(rates.of("a", 0).waitMs(0) > 0);
    rates.of("c", 0);
    rates.of("b", 0);
    assertEquals([rates.count, rates.forgotten], [2, 1]);
    assertEquals(rates.of("a", 0).waitMs(0), 0);
  },
});
