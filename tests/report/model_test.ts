import { capacity, fitLine, modelOf } from "../../report/model.ts";
import { assertAlmostEquals, assertEquals } from "../assert.ts";
import { madeUpResults } from "../bench/made_up_results.ts";

const pure = { permissions: "none" } as const;

Deno.test("fitLine() finds a line that goes through all points", pure, () => {
  const { intercept, slope, worstShare } = fitLine([[0, 3], [1, 5], [4, 11]]);
  assertAlmostEquals(intercept, 3);
  assertAlmostEquals(slope, 2);
  assertAlmostEquals(worstShare, 0, 1e-9);
});

Deno.test(
  "fitLine() has the least squares, and says how far the worst point is",
  pure,
  () => {
    // By hand: means 1 and 2, covariance 2/3 over variance 2/3.
    const { intercept, slope, worstShare } = fitLine([[0, 1], [1, 2.5], [
      2,
      2.5,
    ]]);
    assertAlmostEquals(slope, 0.75);
    assertAlmostEquals(intercept, 1.25);
    assertAlmostEquals(worstShare, 0.25);
  },
);

Deno.test("modelOf() fits what the bench has measured of herds", pure, () => {
  const sample = (point: string, round: number, cpuUs: number) => ({
    measure: "herd sizes",
    subject: "herd",
    point,
    round,
    values: { cpuUs },
  });
  const results = madeUpResults([
    sample("12 servers, at one", 1, 36),
    sample("1 servers, at one", 1, 3),
    sample("2 servers, at one", 1, 5),
    sample("2 servers, at one", 2, 7),
    sample("2 servers, at one", 3, 6),
    sample("2 servers, at each", 1, 1000),
  ]);
  const model = modelOf(results, "at one");
  assertEquals(model.points, [[1, 3], [2, 6], [12, 36]]);
  assertAlmostEquals(model.firstUs, 3);
  assertAlmostEquals(model.furtherUs, 3);
});

Deno.test(
  "capacity() is one core's where there is one server, and ends where all relay",
  pure,
  () => {
    const model = { points: [], firstUs: 4, furtherUs: 2, worstShare: 0 };
    assertAlmostEquals(capacity(model, 1), 250_000);
    assertAlmostEquals(capacity(model, 2), 2 * 1_000_000 / 6);
    assertAlmostEquals(capacity(model, 1e9), 500_000, 1);
  },
);
