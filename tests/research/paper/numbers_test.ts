import { formatNumber } from "../../../bench/numbers.ts";
import type { Results } from "../../../bench/results.ts";
import { middle, ratio, updates } from "../../../bench/samples.ts";
import { typeset } from "../../../research/paper/typesetter.ts";
import { assertEquals } from "../../assert.ts";
import { madeUpRates, madeUpResults } from "../../bench/made_up_results.ts";
import { projectFolder } from "../../end_to_end/process.ts";
import fc from "../../fast_check.ts";
import { needs } from "../../needs.ts";
import { assertProperty } from "../../property.ts";
import { readText } from "./pdf.ts";

const withPdftotext = needs("pdftotext");

/** The lines that the PDF has for lines of Typst with the paper's numbers. */
async function textOf(
  lines: readonly string[],
  results: Results = madeUpResults(),
): Promise<string[]> {
  const pdf = await typeset(
    new Map([
      [
        "research/paper/numbers.typ",
        await Deno.readTextFile(`${projectFolder}research/paper/numbers.typ`),
      ],
      ["research/paper/results.json", JSON.stringify(results)],
      ["research/paper/second.json", JSON.stringify(results)],
      ["research/paper/model.json", "{}"],
      [
        "research/paper/main.typ",
        `#import "numbers.typ": *
#set page(height: auto)
#set text(font: "Tinos")
${lines.join("\n\n")}`,
      ],
    ]),
    "research/paper/main.typ",
  );
  return (await readText(pdf)).split(/\n+/);
}

const rate = (subject: string, point: string) =>
  updates(subject, point, "updatesPerSecond");

withPdftotext.test("the paper's medians and ratios are those of the bench", async () => {
  const rates = fc.array(fc.integer({ min: 1, max: 999_999 }), {
    minLength: 1,
    maxLength: 6,
  });
  await assertProperty(
    fc.asyncProperty(rates, rates, async (herd, node) => {
      const results = madeUpResults([
        ...madeUpRates("herd", ...herd),
        ...madeUpRates("node", ...node),
      ]);
      const series = (subject: string) =>
        `("updates", "${subject}", "50x1", "updatesPerSecond")`;
      const texts = await textOf([
        `#value-of(..${series("herd")})`,
        `#ratio-of(${series("herd")}, ${series("node")})`,
      ], results);
      assertEquals(texts.map(Number), [
        middle(results, rate("herd", "50x1")),
        ratio(results, rate("herd", "50x1"), rate("node", "50x1")),
      ]);
    }),
    { numRuns: 10 },
  );
});

withPdftotext.test("the paper formats numbers as the bench does", async () => {
  const numbers = [
    0.0890,
    0.61,
    1,
    1.64,
    9.999,
    12.9,
    99.96,
    143,
    8020,
    74_951.3,
    1_670_000,
  ];
  assertEquals(
    await textOf(numbers.map((number) => `#format(${number})`)),
    numbers.map((number) => formatNumber(number)),
  );
  assertEquals(
    await textOf([
      "#format(12.96, digits: 2)",
      "#format(0.996, digits: 2)",
      "#format(-3.14)",
    ]),
    ["13", "1.0", "−3.14"],
  );
});
