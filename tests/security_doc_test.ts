import { assert } from "./assert.ts";
import { projectFolder } from "./end_to_end/process.ts";

Deno.test("every test that SECURITY.md names exists", async () => {
  const page = await Deno.readTextFile(`${projectFolder}SECURITY.md`);
  const cells = page.split("\n")
    .filter((line) => line.includes("`tests/"))
    .flatMap((line) => line.split(/(?=`tests\/)/).slice(1));
  assert(cells.length >= 18, String(cells.length));
  let names = 0;
  for (const cell of cells) {
    const [, path] = cell.match(/^`([^`]+)`/)!;
    const text = await Deno.readTextFile(projectFolder + path);
    for (const [, name] of cell.matchAll(/"([^"]+)"/g)) {
      assert(text.includes(`"${name}"`), `${path} has no test "${name}"`);
      names += 1;
    }
  }
  assert(names >= 18, String(names));
});

Deno.test("every defence and every cost in SECURITY.md names a test", async () => {
  const page = await Deno.readTextFile(`${projectFolder}SECURITY.md`);
  for (const title of ["What is defended", "What one client can cost"]) {
    const [section] = page.split("\n## ").filter((text) =>
      text.startsWith(title)
    );
    const [, , ...rows] = section.split("\n")
      .filter((line) => line.startsWith("|"));
    assert(rows.length >= 10, `${title}: ${rows.length} rows`);
    for (const row of rows) {
      assert(row.split(" | ").at(-1)!.includes("`tests/"), row);
    }
  }
});
