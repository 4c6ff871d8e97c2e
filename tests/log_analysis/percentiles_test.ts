import fc from "../fast_check.ts";
import {
  createHistogram,
  percentilesIn,
  percentilesOf,
} from "../../log_analysis/percentiles.ts";
import { countingTimeline } from "../../log_analysis/timeline.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const anyDuration = fc.oneof(
  fc.nat(255),
  fc.nat(100_000),
  fc.integer({ min: 0, max: 10 ** 12 }),
);

Deno.test({
  name: "a percentile of a histogram is exact or at most 0.8 % too high",
  permissions: "none",
  fn() {
    const durations = fc.array(anyDuration, { minLength: 1, maxLength: 200 });
    assertProperty(fc.property(durations, fc.nat(200), (durations, cut) => {
      const histogram = createHistogram();
      for (const us of durations.slice(0, cut)) histogram.add(us);
      const rest = createHistogram();
      for (const us of durations.slice(cut)) rest.add(us);
      histogram.addAll(rest);
      const found = percentilesIn(histogram)!;
      const real = percentilesOf(durations)!;
      assertEquals(found.count, durations.length);
      assertEquals(found.maxUs, Math.max(...durations));
      assert(found.p99Us <= found.maxUs);
      for (const name of ["p50Us", "p90Us", "p99Us"] as const) {
        assert(found[name] >= real[name], `${found[name]} ${real[name]}`);
        const most = real[name] < 256 ? real[name] : real[name] * (1 + 1 / 128);
        assert(found[name] <= most, `${found[name]} ${real[name]}`);
      }
    }));
  },
});

Deno.test({
  name: "a percentile is the least value that the given share does not exceed",
  permissions: "none",
  fn() {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assertEquals(percentilesOf(values), {
      count: 100,
      p50Us: 50,
      p90Us: 90,
      p99Us: 99,
      maxUs: 100,
    });
    assertEquals(percentilesOf([]), undefined);
    assertEquals(percentilesIn(createHistogram()), undefined);
  },
});

Deno.test({
  name: "a timeline keeps all counts when its intervals are widened",
  permissions: "none",
  fn() {
    const times = fc.array(fc.integer({ min: 0, max: 10 ** 12 }), {
      maxLength: 600,
      size: "max",
    });
    assertProperty(
      fc.property(times, fc.nat(600), (times, cut) => {
        const [timeline, rest] = [countingTimeline(), countingTimeline()];
        for (const [index, us] of times.entries()) {
          (index < cut ? timeline : rest).add(us, (sum) => sum + 1);
        }
        timeline.addAll(rest);
        const intervals = timeline.intervals();
        assert(intervals.length <= 400);
        for (const { fromUs, sum, toUs } of intervals) {
          assertEquals(toUs - fromUs, timeline.widthUs);
          const inside = times.filter((us) => us >= fromUs && us < toUs);
          assertEquals(sum, inside.length);
        }
        const sums = intervals.reduce((all, { sum }) => all + sum, 0);
        assertEquals(sums, times.length);
      }),
      { numRuns: 50 },
    );
  },
});
