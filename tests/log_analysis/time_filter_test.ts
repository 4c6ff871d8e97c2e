import fc from "../fast_check.ts";
import { TimeFilter } from "../../log_analysis/time_filter.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const dayUs = 86_400_000_000;
const nowUs = Date.UTC(2026, 10, 22, 17) * 1000;
const year1Us = Date.parse("0001-01-01T00:00:00Z") * 1000;
const year9999Us = Date.parse("9999-12-31T23:59:59Z") * 1000;

/** The times that are accepted, of alternating traffic and events. */
function accepted(times: readonly number[]): number[] {
  const found: number[] = [];
  const filter = new TimeFilter({
    traffic: (timeUs) => found.push(timeUs),
    event: (timeUs) => found.push(timeUs),
  });
  for (const [index, timeUs] of times.entries()) {
    if (index % 2 === 0) filter.traffic(timeUs, "client/1", "sent", "x");
    else filter.event(timeUs, {} as Parameters<TimeFilter["event"]>[1]);
  }
  filter.end();
  assertEquals(filter.rejected, times.length - found.length);
  return found;
}

/** Of times in days from now, those that are accepted. */
function inDays(...days: readonly number[]): number[] {
  const times = days.map((day) => nowUs + day * dayUs);
  return accepted(times).map((timeUs) => (timeUs - nowUs) / dayUs);
}

/** Times of records, one minute apart. */
const minutes = (count: number, fromUs = nowUs) =>
  Array.from({ length: count }, (_, index) => fromUs + index * 60_000_000);

Deno.test({
  name: "exactly the implausible times are rejected, at any position",
  permissions: "none",
  fn() {
    const plausible = minutes(30);
    for (const implausibleUs of [year1Us, 0, nowUs - 400 * dayUs, year9999Us]) {
      for (let at = 0; at <= plausible.length; at++) {
        for (const count of [1, 3, 4]) {
          const implausible = Array.from(
            { length: count },
            () => implausibleUs,
          );
          assertEquals(
            accepted(plausible.toSpliced(at, 0, ...implausible)),
            plausible,
          );
        }
      }
    }
    // Different implausible times in a row.
    const many = plausible.toSpliced(9, 0, 0, year9999Us, year1Us, nowUs / 2);
    assertEquals(accepted(many), plausible);
    const few = plausible.slice(0, 3);
    assertEquals(accepted(few.toSpliced(1, 0, year9999Us)), few);
    assertEquals(accepted([]), []);
    assertEquals(accepted([year1Us]), [year1Us]);
  },
});

Deno.test({
  name: "a time two days off is rejected among others, but not at the end",
  permissions: "none",
  fn() {
    assertEquals(inDays(0, 0.1, 2, 0.2), [0, 0.1, 0.2]);
    assertEquals(inDays(0, 0.1, -2, 0.2), [0, 0.1, 0.2]);
    assertEquals(inDays(0, 0.1, 1, 0.2), [0, 0.1, 1, 0.2]);
    assertEquals(inDays(0, 0.1, -2), [0, 0.1, -2]);
    assertEquals(inDays(0, 0.1, 400), [0, 0.1]);
  },
});

Deno.test({
  name: "long gaps and a clock that was set are accepted",
  permissions: "none",
  fn() {
    const weekly = Array.from({ length: 40 }, (_, index) => index * 7);
    assertEquals(inDays(...weekly), weekly);
    assertEquals(inDays(...weekly.toSpliced(20, 0, 3e5)), weekly);
    const afterYears = [...minutes(12), ...minutes(12, nowUs + 900 * dayUs)];
    assertEquals(accepted(afterYears), afterYears);
    // Ten records in a row mean that the clock was set, nine do not.
    for (const toUs of [0, nowUs + 9000 * dayUs]) {
      const set = [...minutes(20), ...minutes(10, toUs), ...minutes(20)];
      assertEquals(accepted(set), set);
      const implausible = [...minutes(20), ...minutes(9, toUs), ...minutes(20)];
      assertEquals(accepted(implausible), [...minutes(20), ...minutes(20)]);
    }
  },
});

Deno.test({
  name: "no record is rejected while the clock runs forward",
  permissions: "none",
  fn() {
    const gap = fc.oneof(
      fc.constant(0),
      fc.integer({ min: -dayUs / 20, max: dayUs / 20 }),
      fc.integer({ min: 0, max: 30 * dayUs }),
    );
    assertProperty(fc.property(fc.array(gap, { maxLength: 60 }), (gaps) => {
      let us = nowUs;
      const times = gaps.map((gap) => us += gap);
      assertEquals(accepted(times), times);
    }));
  },
});
