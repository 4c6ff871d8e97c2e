import { assertEquals, assertThrows } from "../assert.ts";
import { formatScenario, parseScenario, readCorpus } from "./corpus.ts";
import { drawPlan } from "./draw.ts";
import { planPeace, shapeOf } from "./peace.ts";
import { PlanError } from "./plan_reader.ts";
import { runPlan } from "./run.ts";

for (const [name, { plan }] of readCorpus()) {
  Deno.test(`the simulation of the corpus breaks no rule: ${name}`, async () => {
    const { violations } = await runPlan(plan);
    assertEquals(violations, []);
  });
}

Deno.test({
  name: "parseScenario() parses what formatScenario() returns",
  permissions: "none",
  fn() {
    for (let seed = 1; seed <= 50; seed++) {
      const scenario = { about: "drawn", plan: drawPlan(seed) };
      assertEquals(parseScenario(formatScenario(scenario)), scenario);
    }
  },
});

Deno.test({
  name: "parseScenario() refuses a plan that would not run as written",
  permissions: "none",
  fn() {
    const shape = shapeOf(["Hill", "Smith"], [["Hill", "Smith"]]);
    const link = ["Hill", "Smith"];
    const valid = { about: "drawn", ...planPeace(1, shape), healAtMs: 6_000 };
    const parse = (change: object) =>
      parseScenario(JSON.stringify({ ...valid, ...change }));
    parse({});
    const withFault = (fault: unknown) => ({ faults: [fault] });
    const report = { atMs: 1, server: "Hill", client: "kiwi", time: "1" };
    const cases: [object, string][] = [
      [{ about: "" }, "about: expected a text that says what happens"],
      [{ seed: undefined }, "the plan.seed: expected a whole number"],
      [{ healAtMs: undefined }, "the plan.healAtMs: expected a number from 0"],
      [{ healAtMs: 1e15 }, "the plan.healAtMs: expected a number from 0 to"],
      [{ maxCients: 3 }, 'the plan: unknown key "maxCients"'],
      [{ maxClients: 0 }, "the plan.maxClients: expected a whole number"],
      [{ recentReports: 3 }, "the plan.recentReports: expected a power of two"],
      [{ servers: [] }, "servers: the list is empty"],
      [{ servers: [5] }, "servers[0]: expected an object, found 5"],
      [{ links: [["Hill", "Pear"]] }, 'links[0]: no server is called "Pear"'],
      [
        withFault({ kind: "flood", atMs: 1, server: "Hill", forMs: 1 }),
        "faults[0].kind: expected one of kill, power loss, freeze, cut,",
      ],
      [
        withFault({ kind: "kill", atMs: 1, server: "Pear", forMs: 1 }),
        'faults[0].server: expected one of Hill, Smith, found "Pear"',
      ],
      [
        withFault({ kind: "kill", atMs: 1, server: "Hill" }),
        "faults[0].forMs: expected a number from 0 to 3600000, found nothing",
      ],
      [
        withFault({ kind: "cut", atMs: 6_001, link }),
        "faults[0].atMs: expected a number from 0 to 6000, found 6001",
      ],
      [
        withFault({ kind: "cut", atMs: 1, link: ["Hill", "Hill"] }),
        "faults[0].link: expected two servers of the herd",
      ],
      [
        withFault({ kind: "split", atMs: 1, side: link, forMs: 1 }),
        "faults[0].side: expected a list of some servers of the herd, not",
      ],
      [
        { reports: [{ ...report, position: "north" }] },
        "reports[0]: no client sends this",
      ],
      [
        { reports: [{ ...report, position: "+1+1", server: "Pear" }] },
        "reports[0].server: expected one of Hill, Smith",
      ],
    ];
    for (const [change, message] of cases) {
      assertThrows(() => parse(change), PlanError, message);
    }
    for (const text of ["null", "[]", "5", '"kiwi"']) {
      assertThrows(() => parseScenario(text), PlanError, "the file: expected");
    }
  },
});
