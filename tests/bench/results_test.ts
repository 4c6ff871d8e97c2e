import { formatResults, parseResults } from "../../bench/results.ts";
import { SetupError } from "../../cli/exit.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { madeUpResults, madeUpSamples } from "./made_up_results.ts";

const pure = { permissions: "none" } as const;

const sample = {
  measure: "updates",
  subject: "herd",
  point: "1x1",
  round: 1,
  values: { updatesPerSecond: 1.5, p50Us: 2 },
};

Deno.test({
  name: "a file of results has a line for each sample",
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

Deno.test("written results are read unchanged", pure, () => {
  const results = madeUpResults(madeUpSamples, [
    { measure: "updates", subject: "java", reason: "not installed" },
  ]);
  assertEquals(parseResults(JSON.stringify(results)), results);
});

Deno.test("an error names the wrong field of a file of results", pure, () => {
  const results = JSON.parse(JSON.stringify(madeUpResults()));
  const [sample] = results.samples;
  const cases: readonly (readonly [unknown, string])[] = [
    [[], "the file: expected an object, found []"],
    [{ ...results, version: 2 }, "version: expected 1, found 2"],
    [{ ...results, startedAt: "2026" }, "startedAt: expected a time"],
    [
      { ...results, startedAt: "2026-13-01T00:00:00Z" },
      "startedAt: expected a time",
    ],
    [{ ...results, machine: {} }, "machine.processor: expected a text"],
    [{ ...results, versions: { deno: 2 } }, "versions.deno: expected a text"],
    [{ ...results, samples: {} }, "samples: expected a list"],
    [
      { ...results, samples: [sample, { ...sample, values: { p50Us: null } }] },
      "samples[1].values.p50Us: expected a number, found null",
    ],
    [
      { ...results, missing: [{ measure: "updates" }] },
      "missing[0].subject: expected a text, found nothing",
    ],
  ];
  for (const [json, message] of cases) {
    assertThrows(
      () => parseResults(JSON.stringify(json)),
      SetupError,
      message,
    );
  }
  assertThrows(() => parseResults("{"), SetupError, "not JSON");
  const huge = JSON.stringify(results).replace('"rounds":2', '"rounds":1e999');
  assertThrows(() => parseResults(huge), SetupError, "rounds: expected");
});
