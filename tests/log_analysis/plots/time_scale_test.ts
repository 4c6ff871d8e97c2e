import fc from "../../fast_check.ts";
import { timeScale } from "../../../log_analysis/plots/time_scale.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

const span = { from: 100, to: 800 };

const us = (text: string) => Date.parse(`${text}Z`) * 1000;

const labels = (first: string, last: string) =>
  timeScale(us(first), us(last), span).ticks.map(({ label }) => label);

Deno.test({
  name: "a time scale has ticks at round times, with short labels",
  permissions: "none",
  fn() {
    assertEquals(labels("2026-11-22T17:00:00.2", "2026-11-22T17:00:00.95"), [
      ...["00:00.2", "00:00.4", "00:00.6", "00:00.8"],
    ]);
    assertEquals(labels("2026-11-22T17:00:01", "2026-11-22T17:00:23"), [
      ...["17:00:05", "17:00:10", "17:00:15", "17:00:20"],
    ]);
    assertEquals(labels("2026-11-22T23:01:00", "2026-11-23T01:10:00"), [
      ...["23:30", "11-23", "00:30", "01:00"],
    ]);
    assertEquals(labels("2026-11-22T01:00:00", "2026-11-26T01:00:00"), [
      ...["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"],
    ]);
  },
});

Deno.test({
  name: "a time scale fits its span for any period",
  permissions: "none",
  fn() {
    const firsts = fc.integer({ min: 0, max: 2e15 });
    const lengths = fc.oneof(fc.nat(1e6), fc.integer({ min: 0, max: 2e15 }));
    assertProperty(fc.property(firsts, lengths, (firstUs, length) => {
      const { at, ticks } = timeScale(firstUs, firstUs + length, span);
      assertEquals(at(firstUs), span.from);
      const end = length > 0 ? span.to : span.from;
      assert(Math.abs(at(firstUs + length) - end) < 1e-6);
      assert(ticks.length <= 8);
      for (const { us } of ticks) {
        assert(us >= firstUs && us <= firstUs + length);
      }
    }));
  },
});
