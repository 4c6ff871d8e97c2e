import { createPaint } from "../../cli/paint.ts";
import { Results } from "../../phones/results.ts";
import {
  failureOf,
  formatOutcome,
  type Outcome,
} from "../../phones/summary.ts";
import { assertEquals } from "../assert.ts";

const paint = createPaint(false);

function outcome(): Outcome {
  const results = new Results();
  Object.assign(results, { reports: 1_500, queries: 3, right: 1_503 });
  for (const ms of [1, 2, 10]) results.iamat.add(ms);
  return {
    results,
    census: { reached: ["Hill", "Smith"], silent: [], phones: 7, lost: 0 },
    phones: 10,
    seconds: 3,
    seed: 42,
    failures: { count: 0, last: "" },
  };
}

Deno.test({
  name: "the outcome of a good run has a table of counts and one of times",
  permissions: "none",
  fn() {
    const good = outcome();
    assertEquals(
      formatOutcome(good, paint),
      `10 phones for 3.0 s, seed 42

  servers            2
  reports        1,500  500 a second
  queries            3  1 a second
  answers right  1,503
  answers wrong      0
  unanswered         0
  roamed             0  changed their server as planned
  moved              0  because a connection was lost
  lost               0  of 14: the newest reports of 7 phones, at 2 servers

  milliseconds        p50    p90    p99    max  of
  IAMAT              2.00  10.00  10.00  10.00   3
  WHATSAT               -      -      -      -   0
  to another server     -      -      -      -   0`,
    );
    assertEquals(failureOf(good), undefined);
  },
});

Deno.test({
  name: "the outcome of a bad run describes the faults, and is a failure",
  permissions: "none",
  fn() {
    const bad = outcome();
    const { results } = bad;
    results.fault("expected AT 1, found AT 2");
    Object.assign(results, { unanswered: 4, late: 2, unknown: 5, moved: 1 });
    const census = { reached: ["Hill"], silent: ["Smith"], phones: 1, lost: 1 };
    const failures = { count: 3, last: "Smith: refused" };
    const text = formatOutcome({ ...bad, census, failures }, paint);
    assertEquals(
      text.split("\n").slice(2, 14).join("\n"),
      `  servers            2  silent at the end: Smith
  reports        1,500  500 a second
  queries            3  1 a second
  answers right  1,503  5 to queries about phones not known yet
  answers wrong      1
  unanswered         4
  roamed             0  changed their server as planned
  moved              1  because a connection was lost
  not connected      3  Smith: refused
  late               2  not known to another server after 10 s
  lost               1  of 1: the newest reports of 1 phone, at 1 server
`,
    );
    assertEquals(text.split("\n").at(-1), "  wrong: expected AT 1, found AT 2");
    assertEquals(
      failureOf({ ...bad, census }),
      "1 answer wrong, 1 report lost",
    );
    const nothing = { ...outcome(), results: new Results() };
    assertEquals(failureOf(nothing), "no request was answered");
  },
});
