import { isTime } from "../../protocol/time.ts";
import {
  digitsOf,
  readTypedTime,
  typedTimes,
} from "../../protocol/typed_time.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";

Deno.test({
  name: "readTypedTime() reads now, ISO 8601 with its zone, and POSIX seconds",
  permissions: "none",
  fn() {
    assertEquals(readTypedTime("now"), { kind: "now" });
    for (
      const [text, digits] of [
        ["0", "0"],
        ["1520023934.918963997", "1520023934.918963997"],
        ["0001520023934.50", "0001520023934.50"],
        ["99999999999.9", "99999999999.9"],
        ["2018-03-02T20:52:14Z", "1520023934"],
        ["2018-03-02T20:52:14.918963997Z", "1520023934.918963997"],
        ["2018-03-02T20:52:14,50Z", "1520023934.50"],
        ["2018-03-02T20:52Z", "1520023920"],
        ["2018-03-03T02:22:14+05:30", "1520023934"],
        ["2018-03-02T12:52:14.5-08:00", "1520023934.5"],
        ["1970-01-01T00:00:00Z", "0"],
        ["2020-02-29T23:59:59.999Z", "1583020799.999"],
      ]
    ) {
      assertEquals(readTypedTime(text), { kind: "time", digits });
      assert(isTime(digits));
    }
  },
});

Deno.test({
  name: "readTypedTime() refuses numbers that can only be in another unit",
  permissions: "none",
  fn() {
    for (
      const [text, unit, seconds] of [
        ["1520023934918", "milliseconds", "1520023934.918"],
        ["1520023934918.963", "milliseconds", "1520023934.918963"],
        ["100000000000", "milliseconds", "100000000.000"],
        ["0001520023934918", "milliseconds", "1520023934.918"],
        ["1520023934918963", "microseconds", "1520023934.918963"],
        ["1520023934918963997", "nanoseconds", "1520023934.918963997"],
      ]
    ) {
      const fault = `${text} can only be ${unit}: expected seconds, ${seconds}`;
      assertEquals(readTypedTime(text), { kind: "other unit", fault });
      assertEquals(readTypedTime(seconds).kind, "time");
    }
  },
});

Deno.test({
  name: "readTypedTime() reads nothing else",
  permissions: "none",
  fn() {
    for (
      const text of [
        "",
        "Now",
        "now ",
        "yesterday",
        "-1",
        "+1",
        "1e3",
        ".5",
        "5.",
        "123456789012345678901",
        "2018-03-02",
        "2018-03-02T20:52:14",
        "2018-03-02 20:52:14Z",
        "2018-02-30T00:00:00Z",
        "2019-02-29T00:00:00Z",
        "2018-13-02T00:00:00Z",
        "2018-03-02T24:00:00Z",
        "2018-03-02T20:52:60Z",
        "2018-03-02T20:52:14+24:00",
        "2018-03-02T20:52:14.Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "5138-11-16T09:46:40Z",
        "2018-03-02T20:52:14Z\n",
      ]
    ) assertEquals(readTypedTime(text), { kind: "no time" }, text);
    assert(!typedTimes.includes("\n"));
  },
});

Deno.test("readTypedTime() is the inverse of ISO 8601 and of digitsOf()", () => {
  assertProperty(
    fc.property(
      fc.integer({ min: 0, max: 10 ** 12 - 1 }),
      fc.integer({ min: 0, max: 999_999_999 }),
      (seconds, nanoseconds) => {
        const digits = digitsOf({ seconds, nanoseconds });
        const fraction = digits.slice(digits.indexOf("."));
        if (seconds >= 1e11) {
          return assertEquals(readTypedTime(digits).kind, "other unit");
        }
        const time = { kind: "time", digits } as const;
        assertEquals(readTypedTime(digits), time);
        const iso = new Date(seconds * 1000).toISOString();
        assertEquals(readTypedTime(iso.replace(".000", fraction)), time);
      },
    ),
  );
});
