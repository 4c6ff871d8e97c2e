import {
  readWrittenTime,
  type TimeZone,
  utc,
} from "../../protocol/written_time.ts";
import { assert, assertEquals } from "../assert.ts";

/** 2026-12-01T17:30:05.25Z. */
const now = { seconds: 1_796_146_205, nanoseconds: 250_000_000 };

/** A zone two hours ahead, in which an hour of 2026-03-29 was skipped. */
const ahead: TimeZone = {
  secondsOf: (day, time) =>
    day.month === 3 && day.day === 29 && time.hour === 2
      ? undefined
      : utc.secondsOf(day, time)! - 7_200,
  dayOf: (seconds) => utc.dayOf(seconds + 7_200),
};

/** The time that a text stands for, in ISO 8601, or the fault. */
function read(text: string, zone = utc): string {
  const time = readWrittenTime(text, { now, zone });
  if ("fault" in time) return time.fault;
  const [seconds, fraction] = time.digits.split(".");
  const iso = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction === undefined ? iso : `${iso}.${fraction}`;
}

Deno.test({
  name: "readWrittenTime() reads times as people write them",
  permissions: "none",
  fn() {
    for (
      const [text, iso] of [
        ["now", "2026-12-01T17:30:05.250000000"],
        ["Now", "2026-12-01T17:30:05.250000000"],
        ["1520023934.918963997", "2018-03-02T20:52:14.918963997"],
        ["2018-03-02T20:52:14.918Z", "2018-03-02T20:52:14.918"],
        ["2018-03-02 20:52:14.918+01:00", "2018-03-02T19:52:14.918"],
        ["2018-03-02 20:52 Z", "2018-03-02T20:52:00"],
        ["2018-03-02", "2018-03-02T00:00:00"],
        ["2018-03-02 20:52", "2018-03-02T20:52:00"],
        ["2018-03-02T20:52:14,5", "2018-03-02T20:52:14.5"],
        ["today", "2026-12-01T00:00:00"],
        ["today 9:30", "2026-12-01T09:30:00"],
        ["yesterday", "2026-11-30T00:00:00"],
        ["yesterday 14:00", "2026-11-30T14:00:00"],
        ["  Yesterday   14:00:59.123456789 ", "2026-11-30T14:00:59.123456789"],
        ["09:30", "2026-12-01T09:30:00"],
        ["2 hours ago", "2026-12-01T15:30:05.250000000"],
        ["1 minute ago", "2026-12-01T17:29:05.250000000"],
        ["90s ago", "2026-12-01T17:28:35.250000000"],
        ["3 d ago", "2026-11-28T17:30:05.250000000"],
        ["1 week ago", "2026-11-24T17:30:05.250000000"],
      ]
    ) {
      assertEquals(read(text), iso, text);
    }
  },
});

Deno.test({
  name:
    "readWrittenTime() uses the zone that it is given, unless the text names one",
  permissions: "none",
  fn() {
    assertEquals(read("yesterday 14:00", ahead), "2026-11-30T12:00:00");
    assertEquals(read("2018-03-02 01:00", ahead), "2018-03-01T23:00:00");
    assertEquals(read("2018-03-02 01:00Z", ahead), "2018-03-02T01:00:00");
    const late = { ...now, seconds: now.seconds + 6 * 3_600 };
    // There it is the next day already.
    assertEquals(readWrittenTime("today", { now: late, zone: ahead }), {
      digits: `${Date.parse("2026-12-01T22:00:00Z") / 1000}`,
    });
    assertEquals(
      read("2026-03-29 02:30", ahead),
      "2026-03-29 02:30: clocks of this time zone skipped this time",
    );
  },
});

Deno.test({
  name: "readWrittenTime() says what is wrong",
  permissions: "none",
  fn() {
    for (
      const text of [
        "",
        "soon",
        "25:00",
        "today 14",
        "yesterday14:00",
        "2 fortnights ago",
        "-1 h ago",
        "2026-12-01 14:00 CET",
        "2026-12-01T14:00:00+0200x",
        "tomorrow",
      ]
    ) {
      const fault = read(text);
      assert(fault.startsWith("expected now, yesterday 14:00, "), fault);
      assert(fault.endsWith(`found ${text}`), fault);
    }
    assertEquals(read("2026-02-30"), "2026-02-30: there is no such day");
    assertEquals(read("1969-12-31 23:00"), "1969-12-31 23:00 is before 1970");
    assertEquals(read("999999999 h ago"), "999999999 h ago is before 1970");
    assert(read("1520023934918").includes("can only be milliseconds"));
  },
});
