import { assert, assertEquals } from "../assert.ts";
import { formatScenario, parseScenario, readCorpus } from "./corpus.ts";
import { drawPlan } from "./draw.ts";
import { runPlan } from "./run.ts";

for (const [name, { about, plan }] of readCorpus()) {
  Deno.test(`the simulation of the corpus breaks no rule: ${name}`, async () => {
    assert(about.length > 0);
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
