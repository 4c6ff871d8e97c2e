import { gatherPaper, mainPath } from "../../../research/paper/paper.ts";
import {
  typeset,
  TypesettingError,
} from "../../../research/paper/typesetter.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../../assert.ts";
import { projectFolder } from "../../end_to_end/process.ts";
import { needs } from "../../needs.ts";
import { readPages } from "./pdf.ts";

const withPdftotext = needs("pdftotext");

const pdfPath = `${projectFolder}research/paper/report.pdf`;

const readSource = (name: string) =>
  Deno.readTextFile(`${projectFolder}research/paper/${name}`);

/** The paper with a text of its source changed. */
async function typesetChanged(from: string, to: string) {
  const files = await gatherPaper();
  const main = files.get(mainPath)!;
  assertStringIncludes(main, from);
  files.set(mainPath, main.replace(from, () => to));
  return await typeset(files, mainPath);
}

Deno.test("report.pdf is made from its source and the results", async () => {
  const made = await typeset(await gatherPaper(), mainPath);
  const kept = await Deno.readFile(pdfPath);
  assert(
    made.length === kept.length && made.every((byte, at) => byte === kept[at]),
    "research/paper/report.pdf differs from its source: deno task report",
  );
});

withPdftotext.test("report.pdf has at most five pages of US letter", async () => {
  const pages = await readPages(await Deno.readFile(pdfPath));
  assert(pages.length >= 1 && pages.length <= 5, `${pages.length} pages`);
  for (const { heightPoints, widthPoints } of pages) {
    assertEquals([widthPoints, heightPoints], [8.5 * 72, 11 * 72]);
  }
});

withPdftotext.test("report.pdf has two columns", async () => {
  // A block of seven inches, with an empty strip down its middle.
  const [left, right] = [0.75 * 72, 7.75 * 72];
  const strip = [4.25 * 72 - 8, 4.25 * 72 + 8];
  const overhang = 4;
  const pages = await readPages(await Deno.readFile(pdfPath));
  for (const [index, { words }] of pages.entries()) {
    const page = index + 1;
    const body = words.filter(({ text }) => text !== `${page}`);
    const outside = body.filter((word) =>
      word.left < left - overhang || word.right > right + overhang
    );
    assertEquals(outside, [], `page ${page}`);
    const rows = new Set(body.map(({ top }) => Math.round(top)));
    const across = new Set(
      body.filter((word) => word.left < strip[1] && word.right > strip[0])
        .map(({ top }) => Math.round(top)),
    );
    // Only the title and a wide table cross the strip.
    assert(across.size <= 0.2 * rows.size, `page ${page}: ${across.size} rows`);
    assert(
      body.some((word) => word.left > strip[1]),
      `page ${page}: one column`,
    );
  }
});

Deno.test("a missing number stops the paper, and its place is named", async () => {
  const error = await assertRejects(
    () =>
      typesetChanged(
        "= Introduction",
        `= Introduction\n#number("updates", "herd", "50x17", "p50Us")`,
      ),
    TypesettingError,
  );
  assertStringIncludes(error.message, "updates / herd / 50x17 / p50Us");
  assert(
    /^research\/paper\/\w+\.typ:\d+:\d+: /.test(error.message),
    error.message,
  );
});

Deno.test("a missing reference stops the paper", async () => {
  const error = await assertRejects(
    () => typesetChanged("= Introduction", "= Introduction\n@nobody"),
    TypesettingError,
  );
  assertStringIncludes(error.message, "nobody");
});

Deno.test("all references are cited", async () => {
  const text = await readSource("report.typ");
  const bibliography = await readSource("references.bib");
  const keys = [...bibliography.matchAll(/^@\w+\{([\w-]+),$/gm)]
    .map(([, key]) => key);
  assert(keys.length >= 20, `${keys.length} references`);
  const cited = new Set([...text.matchAll(/@([\w-]+)/g)].map(([, key]) => key));
  assertEquals(keys.filter((key) => !cited.has(key)), []);
});

/** Names that contain a number. */
const names = /\b(V8|ext4)\b/g;

Deno.test("the text contains no typed number", async () => {
  const prose = proseOf(await readSource("report.typ"));
  assert(prose.length > 10_000, `only ${prose.length} characters of prose`);
  assertEquals(prose.replaceAll(names, "").match(/.{0,40}\d.{0,20}/g), null);
});

Deno.test("the text has no semicolon that Typst drops", async () => {
  // After a call, a semicolon ends the call.
  assertEquals((await readSource("report.typ")).match(/.{0,40}\);/g), null);
});

/** The text without calls, references, comments, raw text and formulas. */
function proseOf(text: string): string {
  // Brackets within brackets, three deep; texts may hold brackets.
  const atom = String.raw`[^()"]|"[^"]*"`;
  const inner = String.raw`\((?:${atom})*\)`;
  const middle = String.raw`\((?:${atom}|${inner})*\)`;
  const operands = String.raw`\((?:${atom}|${middle})*\)`;
  return text
    .replaceAll(/^\/\/.*$/gm, "")
    .replaceAll(/`[^`]*`|\$[^$]*\$|@[\w-]+/g, "")
    .replaceAll(new RegExp(String.raw`#[\w.-]+(${operands})?`, "g"), "");
}
