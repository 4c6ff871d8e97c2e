import { codeLinesOf, languageOf } from "../../research/code/lines.ts";
import { filesIn, loadedBy } from "../../research/code/sources.ts";
import { code } from "../../research/measures/code.ts";
import { codeTables } from "../../research/page/code_tables.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { madeUpResults } from "../bench/made_up_results.ts";

const pure = { permissions: "none" } as const;

function assertCounted(
  path: string,
  lines: readonly (readonly [isCode: boolean, line: string])[],
): void {
  const text = lines.map(([, line]) => line).join("\n");
  const expected = lines.flatMap(([isCode], at) => isCode ? [at + 1] : []);
  assertEquals(codeLinesOf(text, languageOf(path)), expected);
}

const [yes, no] = [true, false];

Deno.test("lines of TypeScript are code without comments", pure, () => {
  assertCounted("a.ts", [
    [no, "// a comment"],
    [no, "   \t"],
    [yes, "const one = 1; // behind"],
    [no, "/** Several"],
    [no, " * lines, `with` \"quotes' */"],
    [yes, "/* before */ let two = 'http://x';"],
    [yes, 'const three = "/*";'],
    [yes, 'const four = "*/ \\" // ";'],
    [yes, "const five = /[/*]\\//.test(a) ? b / c : d;"],
    [no, "/* after a division */"],
    [yes, "const six = (a) / 2; /* one /"],
    [no, "two */"],
    [yes, "const seven = `// no comment"],
    [yes, "/* nor here */"],
    [no, ""],
    [yes, "${ f({ a: `//${b}` }) /* a comment */ } and"],
    [yes, "// here neither`;"],
    [no, "// the template is closed"],
    [yes, "const eight = `${a}"],
    [yes, "// no comment`;"],
    [yes, "return /'/.test(`}`);"],
    [no, "// and so is this text: '"],
    [yes, "}"],
  ]);
});

Deno.test("lines of Java are code without comments", pure, () => {
  assertCounted("A.java", [
    [no, "/** A class. */"],
    [yes, "class A { // begins"],
    [yes, "char quote = '\"'; char slash = '\\''; // \""],
    [no, "/*"],
    [no, 'int not = "code;'],
    [no, "*/"],
    [yes, 'String url = "http://x"; /* " */'],
    [yes, 'String text = """'],
    [yes, '  // no comment "quoted" \\"""'],
    [yes, '  /* nor here """;'],
    [no, "// the text is closed"],
    [yes, "}"],
  ]);
});

Deno.test(
  "lines of Python are code without comments and docstrings",
  pure,
  () => {
    assertCounted("a.py", [
      [no, '"""What this is for.'],
      [no, ""],
      [no, "More # of it."],
      [no, '"""'],
      [yes, "import re  # behind"],
      [no, "# a comment with \"quotes'"],
      [yes, "def f(a: str) -> str:"],
      [no, "    'A docstring.'  # indeed"],
      [yes, '    text = """# no comment'],
      [yes, "    # nor here"],
      [yes, '    """'],
      [yes, "    other = g("],
      [yes, '        "an argument"'],
      [yes, "    ) + \\"],
      [yes, '    "continued"'],
      [yes, '    "a text".strip()'],
      [yes, '    return "\\"#" + rb\'#\' + a'],
      [no, "    # the end"],
    ]);
  },
);

Deno.test(
  "a file in another language is an error",
  pure,
  () => {
    assertThrows(() => languageOf("a.md"), TypeError, "a.md: expected");
  },
);

Deno.test("a server has the files and packages that it loads, and no others", async () => {
  const { files, packages } = await loadedBy("server.ts");
  // Loaded at once, loaded later, and imported only for types.
  for (const file of ["server.ts", "admin/admin.ts", "runtime/events.ts"]) {
    assert(files.includes(file), file);
  }
  assert(!files.some((file) => file.startsWith("commands/")), `${files}`);
  assert(packages.includes("prom-client") && packages.includes("deno-std/"));
  assert(!packages.includes("fast-check"), `${packages}`);
});

Deno.test("code is counted once, of rivals and of the herd's rooms", async () => {
  const samples: [string, Record<string, number>][] = [];
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  const context = (round: number) => ({
    cores: { servers: [], load: [], description: "" },
    folder,
    missing: () => {},
    round,
    secondsAPoint: 1,
    add: (subject: string, point: string, values: Record<string, number>) =>
      void samples.push([`${subject} ${point}`, values]),
  });
  try {
    await code.run(context(1));
    const count = samples.length;
    await code.run(context(2));
    assertEquals(samples.length, count);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const points = samples.map(([point]) => point);
  assertEquals(points.length, new Set(points).size);
  assert(!points.includes("herd tools"), `${points}`);
  const found = new Map(samples);
  assertEquals(found.get("java server")!.files, 1);
  assertEquals(
    found.get("herd peers")!.files,
    (await filesIn("peers")).length,
  );
  const server = found.get("herd server")!;
  assert(server.codeLines > found.get("herd peers")!.codeLines);
  // The sources have some of each, except the last.
  assert(server.awaitExpressions > 100 && server.usingDeclarations > 0);
  assert(server.typeAssertions > 0 && server.nonNullAssertions > 0);
  assertEquals(server.anyTypes, 0);
});

Deno.test("the page has all digits of every count", pure, () => {
  const part = codeTables(madeUpResults());
  const rows = part.split("\n").map((line) => line.replace(/ +/g, " "));
  for (
    const row of [
      "| herd, server | 12,345 | 99 |",
      "| Java, server | 410 | 1 |",
      "| herd, peers | 3,190 | 33 |",
      "| `any` | 0 |",
      "| packages that it loads | 8 |",
    ]
  ) assert(rows.includes(row), part);
});
