import {
  DurationCounter,
  quantile,
} from "../../../server/status/distribution.ts";
import { assert, assertEquals } from "../../assert.ts";

function read(...seconds: number[]) {
  const counter = new DurationCounter();
  for (const duration of seconds) counter.add(duration);
  return counter.read();
}

Deno.test("DurationCounter counts each value at all bounds that are not below it", () => {
  const { buckets, count, sum } = read(0.001, 0.0011, 59, 61);
  assertEquals(count, 4);
  assertEquals(sum, 120.0021);
  const upTo = new Map(buckets);
  assertEquals(upTo.get(500e-6), 0);
  assertEquals(upTo.get(1e-3), 1, "a bound belongs to its own bucket");
  assertEquals(upTo.get(2e-3), 2);
  assertEquals(upTo.get(20), 2);
  assertEquals(upTo.get(60), 3);
});

Deno.test("DurationCounter counts a negative duration as 0", () => {
  const { buckets, count, sum } = read(-0.5);
  assertEquals([count, sum, buckets[0][1]], [1, 0, 1]);
});

Deno.test("a reading of DurationCounter does not change with later values", () => {
  const counter = new DurationCounter();
  const earlier = counter.read();
  counter.add(1);
  assertEquals(earlier.count, 0);
  assertEquals(earlier.buckets.at(-1), [60, 0]);
});

Deno.test("quantile() is within the bucket of the value", () => {
  const values = Array.from({ length: 99 }, () => 0.0015);
  const distribution = read(...values, 0.3);
  assertEquals(quantile(distribution, undefined, 0.5)! > 0.001, true);
  assertEquals(quantile(distribution, undefined, 0.5)! <= 0.002, true);
  const highest = quantile(distribution, undefined, 1)!;
  assert(highest > 0.2 && highest <= 0.5, `${highest}`);
});

Deno.test("quantile() of two readings describes the values between them", () => {
  const counter = new DurationCounter();
  for (let index = 0; index < 1000; index++) counter.add(10);
  const earlier = counter.read();
  counter.add(0.00001);
  const later = counter.read();
  const median = quantile(later, earlier, 0.5)!;
  assert(median <= 50e-6, `${median}`);
});

Deno.test("quantile() is undefined without values, and infinite above all bounds", () => {
  const reading = read(1);
  assertEquals(quantile(read(), undefined, 0.5), undefined);
  assertEquals(quantile(reading, reading, 0.5), undefined);
  assertEquals(quantile(read(3600), undefined, 0.5), Infinity);
});
