import fc from "../../fast_check.ts";
import { arrival, readTime } from "../../../gateways/readers/times.ts";
import { isTime } from "../../../protocol/time.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

const now = { seconds: 1_796_040_000, nanoseconds: 500_000_000 };

/** The time, its note after a slash, or the reason why there is none. */
function shown(text: string | undefined): string {
  const read = readTime(text, now);
  if (typeof read === "string") return read;
  return read.note === undefined ? read.time : `${read.time}/${read.note}`;
}

Deno.test({
  name: "readTime() keeps seconds, and moves the dot of milliseconds",
  permissions: "none",
  fn() {
    for (
      const [text, expected] of [
        ["1796040000", "1796040000"],
        ["1796040000.918963997123", "1796040000.918963997123"],
        ["1.796040000e9", "1796040000"],
        ["0", "0"],
        ["99999999999", `${arrival}/time-far-ahead`],
        ["100000000000", "100000000.000"],
        ["1796040000123", "1796040000.123"],
        ["1796040000123.0", "1796040000.123"],
        ["1796040000123.5", `${arrival}/time-far-ahead`],
        ["0000000001796040000", "1796040000"],
      ]
    ) assertEquals(shown(text), expected, text);
    assertEquals(shown(undefined), arrival);
  },
});

Deno.test({
  name: "readTime() reads ISO 8601 with an offset or in UTC",
  permissions: "none",
  fn() {
    for (
      const [text, expected] of [
        ["2026-11-30T12:00:00Z", "1796040000"],
        ["2026-11-30T12:00:00", "1796040000"],
        ["2026-11-30T12:00Z", "1796040000"],
        ["2026-11-30 12:00:00", "1796040000"],
        ["2026-11-30t13:00:00+01:00", "1796040000"],
        ["2026-11-30T13:00:00 01:00", "1796040000"],
        ["2026-11-30T07:30:00-0430", "1796040000"],
        ["2026-11-30T13:00:00+01", "1796040000"],
        ["20261130T120000Z", "1796040000"],
        ["2026-11-30T12:00:00.860Z", "1796040000.860"],
        ["2026-11-30T12:00:00,5Z", "1796040000.5"],
        ["2026-11-30T12:00:00.000+00:00", "1796040000"],
        ["2024-02-29T24:00:00Z", "1709251200"],
        ["1990-12-31T23:59:60Z", "662688000"],
      ]
    ) assertEquals(shown(text), expected, text);
  },
});

Deno.test({
  name: "readTime() takes the arrival for times that can only be wrong clocks",
  permissions: "none",
  fn() {
    const day = 24 * 60 * 60;
    assertEquals(shown(`${now.seconds + day}`), `${now.seconds + day}`);
    assertEquals(shown(`${now.seconds + day}.5`), `${now.seconds + day}.5`);
    for (
      const text of [
        `${now.seconds + day}.500000001`,
        `${now.seconds + day + 1}`,
        "9".repeat(1_000),
        "1e300",
        "2094-01-04T00:00:00Z",
      ]
    ) assertEquals(shown(text), `${arrival}/time-far-ahead`, text);
    for (const text of ["-5", "1969-12-31T23:59:59.5Z", "-1e20"]) {
      assertEquals(shown(text), `${arrival}/time-before-1970`, text);
    }
    assertEquals(shown("-0.0"), "0.0");
  },
});

Deno.test({
  name: "readTime() refuses what is no time, or too long",
  permissions: "none",
  fn() {
    for (
      const text of [
        "noon",
        "",
        "%TIME",
        "2026-11-30",
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-11-31T12:00:00Z",
        "2026-11-30T24:00:01Z",
        "2026-11-30T25:00:00Z",
        "2026-11-30T12:60:00Z",
        "2026-11-30T12:00:61Z",
        "2026-11-30T12:00:00+24:00",
        "0026-11-30T12:00:00Z",
        "2026-11-30T12:00:00Zulu",
      ]
    ) assertEquals(shown(text), "not-a-time", text);
    assertEquals(shown(`1.${"1".repeat(62)}`).length, 64);
    assertEquals(shown(`1.${"1".repeat(63)}`), "time-too-long");
  },
});

Deno.test({
  name: "readTime() reads every date as Date does",
  permissions: "none",
  fn() {
    const anyDate = fc.date({
      min: new Date(0),
      max: new Date(now.seconds * 1000),
      noInvalidDate: true,
    });
    assertProperty(fc.property(anyDate, (date) => {
      const text = shown(date.toISOString());
      assertEquals(Number(text), date.getTime() / 1000);
      assert(isTime(text), text);
      assertEquals(Number(shown(`${date.getTime()}`)), readMilliseconds(date));
    }));
  },
});

/** Times in 1970 to 1973 are taken for seconds far ahead, or for seconds. */
function readMilliseconds(date: Date): number {
  const time = date.getTime();
  if (time >= 100_000_000_000) return time / 1000;
  return time > now.seconds + 24 * 60 * 60 + 0.5 ? NaN : time;
}
