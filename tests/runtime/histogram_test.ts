import fc from "../fast_check.ts";
import { Results } from "../../phones/results.ts";
import {
  type Bins,
  boundedBins,
  Histogram,
  relativeBins,
} from "../../runtime/histogram.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const anyBins: fc.Arbitrary<Bins> = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 1000))
    .map(([power, stepsPerUnit]) => relativeBins(2 ** power, stepsPerUnit)),
  fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { maxLength: 20 })
    .map((bounds) => boundedBins(bounds.sort((a, b) => a - b))),
);

const anyValue = fc.oneof(
  fc.nat(300),
  fc.integer({ min: 0, max: 10 ** 12 }),
  // Binary fractions, whose product with 1,000 is exact.
  fc.nat(10_000_000).map((parts) => parts / 1024),
);

Deno.test({
  name:
    "a bin holds exactly the values above the previous bin, up to its largest",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyBins, anyValue, (bins, value) => {
      const index = bins.indexOf(value);
      assert(value <= bins.greatestIn(index), `${index}`);
      if (index > 0) assert(value > bins.greatestIn(index - 1), `${index}`);
    }));
  },
});

Deno.test({
  name:
    "relative bins are exact up to a limit, and have the stated width above",
  permissions: "none",
  fn() {
    const power = fc.integer({ min: 1, max: 12 });
    const whole = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 10 ** 12 }));
    assertProperty(fc.property(power, whole, (power, value) => {
      const exactSteps = 2 ** power;
      const bins = relativeBins(exactSteps);
      const greatest = bins.greatestIn(bins.indexOf(value));
      if (value < exactSteps) assertEquals(greatest, value);
      else assert(greatest < value * (1 + 2 / exactSteps), `${greatest}`);
    }));
  },
});

Deno.test({
  name: "addAll() gives the histogram of all values",
  permissions: "none",
  fn() {
    const values = fc.array(fc.nat(1_000_000), { maxLength: 100 });
    assertProperty(
      fc.property(anyBins, values, fc.nat(100), (bins, values, cut) => {
        const [all, one, other] = [1, 2, 3].map(() => new Histogram(bins));
        for (const [index, value] of values.entries()) {
          all.add(value, 2);
          for (let times = 0; times < 2; times++) {
            (index < cut ? one : other).add(value);
          }
        }
        one.addAll(other);
        for (const histogram of [all, one]) {
          assertEquals(histogram.count, 2 * values.length);
          assertEquals(histogram.max, Math.max(0, ...values));
          const sum = values.reduce((sum, value) => sum + 2 * value, 0);
          assertEquals(histogram.sum, sum);
        }
        assertEquals(one.cumulative(30), all.cumulative(30));
        for (const share of [0, 0.3, 0.5, 0.99, 1]) {
          assertEquals(one.quantile(share), all.quantile(share));
        }
      }),
    );
  },
});

Deno.test({
  name:
    "quantiles of phones' durations are within 1 %, and the largest is exact",
  permissions: "none",
  fn() {
    const durations = new Results().iamat;
    assertEquals(durations.quantile(0.5), undefined);
    for (let ms = 1_000; ms > 0; ms--) durations.add(ms / 7);
    for (const share of [0.001, 0.5, 0.9, 0.99]) {
      const exact = share * 1_000 / 7;
      const found = durations.quantile(share)!;
      assert(found >= exact && found <= exact * 1.0101, `${share}: ${found}`);
    }
    assertEquals(durations.quantile(1), 1_000 / 7);
    assertEquals(durations.max, 1_000 / 7);
    assertEquals(durations.count, 1_000);
    durations.add(0);
    assert(durations.quantile(0)! < 0.002);
  },
});

Deno.test({
  name: "a negative value counts as 0",
  permissions: "none",
  fn() {
    const histogram = new Histogram(boundedBins([0, 1]));
    histogram.add(-1);
    const { count, max, sum } = histogram;
    assertEquals([count, max, sum], [1, 0, 0]);
    assertEquals(histogram.cumulative(2), [1, 1]);
  },
});
