import fc from "../fast_check.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { maxHeardSeconds } from "../../protocol/limits.ts";
import {
  compareReports,
  effectiveSeconds,
  heardAt,
  heardAtOf,
  heardSecondsOf,
  isMissing,
  isNewer,
  isRepetition,
} from "../../protocol/order.ts";
import { makeReport, parseReport, type Report } from "../../protocol/report.ts";
import {
  addSeconds,
  compareTimestamps,
  formatTimestamp,
  parseTimestamp,
  secondsBetween,
} from "../../protocol/time.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import {
  anyIamat,
  anyRecord,
  anyTime,
  anyTimestamp,
  edgeTime,
  edgeTimestamp,
  shortTime,
} from "./arbitraries.ts";

/** A report from its line, which may lie anywhere in a buffer. */
function reportOf(line: string): Report {
  const report = parseReport(line, () => true);
  assert(report !== undefined, line);
  return report;
}

/** An AT line about kiwi. */
function at(difference: string, time: string, rest = "+1+1"): string {
  return `AT Hill ${difference} kiwi ${rest} ${time}`;
}

const billion = 1_000_000_000n;

/** The whole nanoseconds of a number with any decimals; further ones are cut. */
function nanoseconds(text: string): bigint {
  const [integer, fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const size = BigInt(integer) * billion +
    BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return text.startsWith("-") ? -size : size;
}

/** What a report is ordered by, in whole numbers of any size. */
function keyOf(record: string): (bigint | string)[] {
  const [, , difference, , , text, attributes = ""] = record.split(" ");
  const line = record.split(" ").slice(0, 6).join(" ");
  const time = nanoseconds(text);
  const heard = time + nanoseconds(difference);
  return [time < heard ? time : heard, heard, time, line, attributes];
}

function expectedOrder(one: string, other: string): number {
  const [a, b] = [keyOf(one), keyOf(other)];
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at] < b[at] ? -1 : 1;
}

Deno.test({
  name: "a newer line is missing, unless it repeats the stored one",
  permissions: "none",
  fn() {
    const stored = "AT Smith +0.210000000 kiwi +1+2 1000";
    const cases: [string, boolean][] = [
      [stored, false],
      ["AT Hill +0.250000000 kiwi +1+2 1000", false],
      ["AT Hill +0.250000000 kiwi +1+3 1000", true],
      ["AT Hill +0.250000000 kiwi +1+2 1001", true],
      ["AT Hill +0.250000000 kiwi +1+3 999", false],
    ];
    for (const [line, expected] of cases) {
      assertEquals(isMissing(line, stored), expected, line);
    }
  },
});

Deno.test({
  name: "compareReports() agrees with whole numbers of any size",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyRecord, anyRecord, (one, other) => {
        const expected = expectedOrder(one, other);
        const [a, b] = [reportOf(one), reportOf(other)];
        assertEquals(Math.sign(compareReports(a, b)), expected);
        assertEquals(isNewer(one, other), expected > 0);
      }),
      { numRuns: 5_000 },
    );
  },
});

Deno.test({
  name: "compareReports() is total, antisymmetric and transitive",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(
        anyRecord,
        anyRecord,
        anyRecord,
        (one, other, third) => {
          const [a, b, c] = [one, other, third].map(reportOf);
          const order = Math.sign(compareReports(a, b));
          assertEquals(order === 0, one === other);
          assertEquals(Math.sign(compareReports(b, a)) + order, 0);
          const sorted = [a, b, c].sort(compareReports);
          assert(compareReports(sorted[0], sorted[2]) <= 0);
          assert(compareReports(sorted[0], sorted[1]) <= 0);
          assert(compareReports(sorted[1], sorted[2]) <= 0);
        },
      ),
      { numRuns: 5_000 },
    );
  },
});

Deno.test({
  name: "heardAt() is the time of the origin's clock, exactly",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(
        anyIamat,
        fc.oneof(anyTimestamp, edgeTimestamp),
        fc.oneof(anyTime, edgeTime, shortTime),
        (iamat, now, time) => {
          const report = makeReport("Hill", now, { ...iamat, time });
          assertEquals(heardAt(report), now);
          assertEquals(heardAtOf(report.line), now);
          const heard = now.seconds + now.nanoseconds / 1e9;
          assertEquals(heardSecondsOf(report.line), heard);
          const sent = parseTimestamp(time);
          const isAhead = compareTimestamps(sent, now) > 0;
          assertEquals(
            effectiveSeconds(report),
            isAhead ? now.seconds : sent.seconds,
          );
        },
      ),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "a later effective second is newer",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyRecord, anyRecord, (one, other) => {
        const [a, b] = [reportOf(one), reportOf(other)];
        if (effectiveSeconds(a) <= effectiveSeconds(b)) return;
        assert(compareReports(a, b) > 0);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "a client whose clock is ahead is ordered by when it was heard",
  permissions: "none",
  fn() {
    const now = { seconds: 1_800_000_000, nanoseconds: 5 };
    const later = { ...now, nanoseconds: 6 };
    const report = (at: typeof now, time: string) =>
      makeReport("Hill", at, {
        verb: "IAMAT",
        client: "kiwi",
        position: "+1+1",
        time,
      }).line;
    // In milliseconds, by a factor of a thousand ahead, and a year ahead.
    for (
      const time of ["1800000000123", "1831536000", "1800000000.000000007"]
    ) {
      assert(isNewer(report(later, "1800000000.000000006"), report(now, time)));
      assert(isNewer(report(later, "1900000000"), report(now, time)));
      assert(isNewer(report(now, time), report(now, "1799999999")));
      // Of one chunk, the later one by the client's clock.
      assert(isNewer(report(now, `${time}9`), report(now, time)));
    }
  },
});

Deno.test({
  name: "of two reports with one time, the one that was heard later is newer",
  permissions: "none",
  fn() {
    const hill = "AT Hill +10.200000000 kiwi +2+2 7";
    const smith = "AT Smith +9.800000000 kiwi +1+1 7";
    assert(isNewer(hill, smith));
    assert(!isNewer(smith, hill));
    // Attributes count after everything else.
    assert(isNewer(`${hill} a=1`, hill));
    assert(isNewer(`${hill} b=1`, `${hill} a=2`));
    assert(isNewer(`${hill} a=\xff`, `${hill} a=~`));
    assert(!isNewer(`${smith} b=1`, `${hill} a=1`));
    assert(!isNewer(`${hill} b=1`, `${hill}.0 a=1`));
    // Bytes decide only when all three times are equal.
    assert(isNewer(at("+1.000000000", "7.0"), at("+1.000000000", "7")));
    assert(isNewer(at("+1.000000000", "7.00"), at("+1.000000000", "7.0")));
    assert(
      isNewer(
        at("+1.0", "7").replace("+1.0", "+1.000000001"),
        at("+1.000000000", "7.0"),
      ),
    );
  },
});

Deno.test({
  name: "parseReport() refuses times that no clock of a server can have",
  permissions: "none",
  fn() {
    const isRead = (difference: string, time: string) =>
      parseReport(at(difference, time), () => true) !== undefined;
    const most = String(maxHeardSeconds);
    const cases = [
      ["+0.000000000", "0", true],
      ["-0.000000000", "0", true],
      ["-5.000000000", "5", true],
      ["-5.000000001", "5", false],
      ["-5.000000000", "5.0000000009", true],
      ["-0.000000001", "0.0000000019", true],
      ["-0.000000001", "0.0000000009", false],
      ["+0.000000000", most, true],
      ["+0.000000001", most, false],
      ["+0.000000000", `${most}.000000001`, false],
      ["+0.000000000", `${most}.0000000009`, true],
      ["-1.000000000", `${most.slice(0, -1)}1`, true],
      [`+${most}.000000000`, "0", true],
      [`+${most}.000000000`, "1", false],
      ["+99999999999.999999999", "99999999999.999999999", true],
      ["+100000000000.000000000", "900000000000", true],
      ["+100000000000.000000001", "900000000000", false],
      ["-999999999999999.999999999", "999999999999999.999999999", true],
      ["-9999999999999999.000000000", "999999999999999", false],
      ["+9999999999999999.000000000", "0", false],
    ] as const;
    for (const [difference, time, expected] of cases) {
      assertEquals(isRead(difference, time), expected, `${difference} ${time}`);
    }
  },
});

Deno.test({
  name: "isRepetition() compares client, position and time byte for byte",
  permissions: "none",
  fn() {
    const first = "AT Hill +1.000000000 kiwi +1+1 7";
    const isRepeated = (line: string) =>
      isRepetition(reportOf(line), reportOf(first));
    assert(isRepeated(first));
    assert(isRepeated("AT Smith -1.500000000 kiwi +1+1 7"));
    assert(isRepeated("AT Smith -1.500000000 kiwi +1+1 7 tid=k"));
    for (
      const other of [
        "AT Hill +1.000000000 kiwi +1+1 7.0",
        "AT Hill +1.000000000 kiwi +1+1 8",
        "AT Hill +1.000000000 kiwi +1+2 7",
        "AT Hill +1.000000000 kiwi +1.0+1 7",
        "AT Hill +1.000000000 kiw1 +1+1 7",
        "AT Hill +1.000000000 xkiwi +1+1 7",
      ]
    ) assert(!isRepeated(other), other);
  },
});

Deno.test({
  name: "timestamps are printed, parsed, added and compared exactly",
  permissions: "none",
  fn() {
    const any = fc.oneof(anyTimestamp, edgeTimestamp);
    assertProperty(
      fc.property(any, any, fc.integer({ min: -100, max: 100 }), (a, b, by) => {
        assertEquals(parseTimestamp(formatTimestamp(a)), a);
        const bytes = [a, b].map((time) => encodeBytes(formatTimestamp(time)));
        assertEquals(bytes.length, 2);
        const [one, other] = [a, b].map((time) =>
          nanoseconds(formatTimestamp(time))
        );
        assertEquals(
          Math.sign(compareTimestamps(a, b)),
          one < other ? -1 : one > other ? 1 : 0,
        );
        const moved = addSeconds(a, by);
        assertEquals(moved, { ...a, seconds: a.seconds + by });
        assertEquals(secondsBetween(a, moved), by);
      }),
    );
    const time = { seconds: 5, nanoseconds: 999_999_999 };
    assertEquals(addSeconds(time, 0.5), {
      seconds: 6,
      nanoseconds: 499_999_999,
    });
    assertEquals(addSeconds(time, -0.25), {
      seconds: 5,
      nanoseconds: 749_999_999,
    });
    assertEquals(
      secondsBetween({ seconds: 7, nanoseconds: 0 }, time) < 0,
      true,
    );
  },
});
