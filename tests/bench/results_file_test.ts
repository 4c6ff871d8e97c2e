import { formatResults } from "../../bench/results_file.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { madeUpResults } from "./made_up_results.ts";

const sample = {
  measure: "updates",
  subject: "herd",
  point: "1x1",
  round: 1,
  values: { updatesPerSecond: 1.5, p50Us: 2 },
};

Deno.test({
  name: "a file of results has a sample a line, and nothing is lost",
  permissions: "none",
  fn() {
    const results = madeUpResults([sample, { ...sample, round: 2 }]);
    const text = formatResults(results);
    assertEquals(JSON.parse(text), results);
    assertStringIncludes(
      text,
      `
  "samples": [
    {"measure":"updates","subject":"herd","point":"1x1","round":1,"values":{"updatesPerSecond":1.5,"p50Us":2}},
    {"measure":"updates","subject":"herd","point":"1x1","round":2,"values":{"updatesPerSecond":1.5,"p50Us":2}}
  ],
  "missing": []
}
`,
    );
    assertStringIncludes(text, `\n  "machine": {\n    "processor": `);
  },
});
