import { capacity, modelOf } from "../../../research/paper/model.ts";
import {
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "../../assert.ts";
import { madeUpResults } from "../../bench/made_up_results.ts";

const pure = { permissions: "none" } as const;

const sample = (point: string, round: number, cpuUs: number) => ({
  measure: "herd sizes",
  subject: "herd",
  point,
  round,
  values: { cpuUs },
});

const results = madeUpResults([
  sample("12 servers, at one", 1, 36),
  sample("1 server, at one", 1, 3),
  sample("2 servers, at one", 1, 5),
  sample("2 servers, at one", 2, 7),
  sample("2 servers, at one", 3, 6),
  sample("2 servers, at each", 1, 3 + 1 * (3 + 0.5 * 2)),
  sample("12 servers, at each", 1, 3 + 11 * (3 + 0.5 * 12)),
]);

Deno.test("modelOf() fits the measured costs", pure, () => {
  const { atEach, atOne, line, spread } = modelOf(results);
  assertEquals(atOne, [
    { servers: 1, cpuUs: 3 },
    { servers: 2, cpuUs: 6 },
    { servers: 12, cpuUs: 36 },
  ]);
  // One server is all servers.
  assertEquals(atEach.map(({ servers }) => servers), [1, 2, 12]);
  assertAlmostEquals(line.firstUs, 3);
  assertAlmostEquals(line.furtherUs, 3);
  assertAlmostEquals(spread.splitUs, 0.5);
  assertAlmostEquals(spread.mostOff, 0, 1e-9);
});

Deno.test("modelOf() requires herds of different sizes", pure, () => {
  assertThrows(
    () => modelOf(madeUpResults([sample("2 servers, at one", 1, 5)])),
    Error,
    "different sizes",
  );
});

Deno.test(
  "capacity() begins at one core's rate, and tends to the rate of relaying",
  pure,
  () => {
    const model = {
      ...modelOf(results),
      line: { firstUs: 4, furtherUs: 2, mostOff: 0 },
    };
    assertAlmostEquals(capacity(model, 1), 250_000);
    assertAlmostEquals(capacity(model, 2), 2 * 1_000_000 / 6);
    assertAlmostEquals(capacity(model, 1e9), 500_000, 1);
  },
);
