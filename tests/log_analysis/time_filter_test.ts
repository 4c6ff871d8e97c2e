import fc from "fast-check";
import { TimeFilter } from "../../log_analysis/time_filter.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const dayUs = 86_400_000_000;
const nowUs = Date.UTC(2026, 10, 22, 17) * 1000;
const year1Us = Date.parse("0001-01-01T00:00:00Z") * 1000;
const year9999Us = Date.parse("9999-12-31T23:59:59Z") * 1000;

/** The times that are handed out, of records of both kinds by turns. */
function believed(times: readonly number[]): number[] {
  const found: number[] = [];
  const check = new TimeFilter({
    traffic: (timeUs) => found.push(timeUs),
    event: (timeUs) => found.push(timeUs),
  });
  for (const [index, timeUs] of times.entries()) {
    if (index % 2 === 0) check.traffic(timeUs, "client/1", "sent", "x");
    else check.event(timeUs, {} as Parameters<TimeFilter["event"]>[1]);
  }
  check.end();
  assertEquals(check.setAside, times.length - found.length);
  return found;
}

/** Times in days from now, and those of them that are believed. */
function inDays(...days: readonly number[]): number[] {
  const times = days.map((day) => nowUs + day * dayUs);
  return believed(times).map((timeUs) => (timeUs - nowUs) / dayUs);
}

/** So many records, a minute apart. */
const minutes = (count: number, fromUs = nowUs) =>
  Array.from({ length: count }, (_, index) => fromUs + index * 60_000_000);

Deno.test({
  name: "a wild time is set aside wherever it stands, and nothing else is",
  permissions: "none",
  fn() {
    const whole = minutes(30);
    for (const wildUs of [year1Us, 0, nowUs - 400 * dayUs, year9999Us]) {
      for (let at = 0; at <= whole.length; at++) {
        for (const count of [1, 3, 4]) {
          const wild = Array.from({ length: count }, () => wildUs);
          assertEquals(believed(whole.toSpliced(at, 0, ...wild)), whole);
        }
      }
    }
    // Different ones in a row.
    const many = whole.toSpliced(9, 0, 0, year9999Us, year1Us, nowUs / 2);
    assertEquals(believed(many), whole);
    const few = whole.slice(0, 3);
    assertEquals(believed(few.toSpliced(1, 0, year9999Us)), few);
    assertEquals(believed([]), []);
    assertEquals(believed([year1Us]), [year1Us]);
  },
});

Deno.test({
  name: "a time two days off is wild amid others, but not at the end",
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
  name: "a log may be silent for long, and a clock may be set",
  permissions: "none",
  fn() {
    const weekly = Array.from({ length: 40 }, (_, index) => index * 7);
    assertEquals(inDays(...weekly), weekly);
    assertEquals(inDays(...weekly.toSpliced(20, 0, 3e5)), weekly);
    const afterYears = [...minutes(12), ...minutes(12, nowUs + 900 * dayUs)];
    assertEquals(believed(afterYears), afterYears);
    // Ten records say that it was the clock, nine do not.
    for (const toUs of [0, nowUs + 9000 * dayUs]) {
      const set = [...minutes(20), ...minutes(10, toUs), ...minutes(20)];
      assertEquals(believed(set), set);
      const wild = [...minutes(20), ...minutes(9, toUs), ...minutes(20)];
      assertEquals(believed(wild), [...minutes(20), ...minutes(20)]);
    }
  },
});

Deno.test({
  name: "no log of a clock that goes forward loses anything",
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
      assertEquals(believed(times), times);
    }));
  },
});
