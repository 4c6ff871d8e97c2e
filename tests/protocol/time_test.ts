import fc from "../fast_check.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import {
  clockDifference,
  compareTimes,
  isTime,
  skipClockDifference,
} from "../../protocol/time.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyTime, anyTimestamp } from "./arbitraries.ts";

/** A time as a whole number of 10^-14 seconds. */
function ticks(time: string): bigint {
  const [integer, fraction = ""] = time.split(".");
  return BigInt(integer + fraction.padEnd(14, "0"));
}

Deno.test({
  name:
    "isTime() accepts at most 15 integer digits, and any number of decimals",
  permissions: "none",
  fn() {
    for (
      const text of [
        "1520023934.918963997",
        "0",
        "999999999999999",
        `1.${"9".repeat(100)}`,
      ]
    ) assertEquals(isTime(text), true, text);
    for (
      const text of [
        "",
        "-1",
        "+1",
        "1.",
        ".5",
        "1e9",
        "1.5.2",
        "1000000000000000",
        "0x10",
        "Infinity",
      ]
    ) assertEquals(isTime(text), false, text);
  },
});

/** Compares times within larger buffers. */
function compare(a: string, b: string): number {
  const [one, other] = [encodeBytes(`x${a}9`), encodeBytes(`12${b}.3`)];
  return compareTimes(one, 1, 1 + a.length, other, 2, 2 + b.length);
}

Deno.test({
  name: "compareTimes() agrees with whole-number arithmetic",
  permissions: "none",
  fn() {
    const pair = fc.oneof(
      fc.tuple(anyTime, anyTime),
      anyTime.map((time) => [time, `0${time}`.slice(-30)] as const),
      fc.tuple(anyTime, fc.nat(9)).map(([time, digit]) =>
        [time.replace(/\d$/, String(digit)), time] as const
      ),
    );
    assertProperty(
      fc.property(pair, ([a, b]) => {
        const difference = ticks(a) - ticks(b);
        const expected = difference > 0n ? 1 : difference < 0n ? -1 : 0;
        assertEquals(Math.sign(compare(a, b)), expected, `${a} ${b}`);
      }),
      { numRuns: 1_000 },
    );
    assertEquals(compare("1.5", "1.50"), 0);
    assertEquals(compare("7", "007.000"), 0);
  },
});

Deno.test({
  name: "clockDifference() is the exact difference with nine decimals",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyTimestamp, anyTime, (now, time) => {
        const text = clockDifference(now, time);
        assertEquals(
          skipClockDifference(encodeBytes(text), 0, text.length),
          text.length,
          text,
        );
        const nowNs = BigInt(now.seconds) * 1_000_000_000n +
          BigInt(now.nanoseconds);
        const timeNs = ticks(time) / 100_000n;
        assertEquals(BigInt(text.replace(".", "")), nowNs - timeNs, text);
      }),
      { numRuns: 1_000 },
    );
    const now = { seconds: 1520023935, nanoseconds: 182837383 };
    assertEquals(clockDifference(now, "1520023934.918963997"), "+0.263873386");
    assertEquals(clockDifference(now, "1520023935.182837384"), "-0.000000001");
    assertEquals(clockDifference(now, "1520023935.182837383"), "+0.000000000");
    assertEquals(clockDifference(now, "1520023936"), "-0.817162617");
  },
});
