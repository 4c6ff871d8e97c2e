import { parseTopology } from "../../peers/topology.ts";
import { schema } from "../../server/settings/schema.ts";
import { herdFileSource } from "../../server/settings/sources.ts";
import { serverFlags } from "../../server/settings/settings.ts";
import { generate } from "../../tools/generate.ts";
import { assert, assertEquals } from "../assert.ts";
import { Program, projectFolder } from "../end_to_end/process.ts";

const read = (path: string) => Deno.readTextFileSync(projectFolder + path);
const page = read("docs/CONFIGURATION.md");

for (const [path, text] of generate(read)) {
  Deno.test(`${path} equals the output of deno task generate`, () => {
    assertEquals(read(path), text);
  });
}

Deno.test("generate() replaces the tables of the page, and nothing else", () => {
  const blank = page.replaceAll(
    /(<!-- generated: (\w+) -->\n)[^]*?(<!-- end of \2 -->)/g,
    "$1$3",
  );
  assert(blank.length < page.length / 2, "there are two tables");
  const files = generate((path) =>
    path === "docs/CONFIGURATION.md" ? blank : read(path)
  );
  assertEquals(files.get("docs/CONFIGURATION.md"), page);
});

Deno.test("generate() replaces the permissions of tasks", () => {
  const narrow = read("deno.json").replaceAll(
    /--allow-net=127\S+/g,
    "--allow-net=none",
  );
  const files = generate((path) => path === "deno.json" ? narrow : read(path));
  const { tasks } = JSON.parse(files.get("deno.json")!);
  for (const task of ["herd", "serve", "send", "status", "client", "phones"]) {
    assert(/--allow-net=127\.0\.0\.1:8\d/.test(tasks[task].command), task);
  }
  const wide = read("deno.json").replaceAll("=token.key", "=other.key");
  const restored = generate((path) => path === "deno.json" ? wide : read(path));
  assertEquals(restored.get("deno.json"), read("deno.json"));
});

Deno.test("CONFIGURATION.md names every flag with its default", () => {
  for (const [name, { help, value }] of Object.entries(serverFlags)) {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    if (name === "print-permissions") {
      assert(page.includes(`\`${flag}\` prints`));
      continue;
    }
    const row = page.split("\n").find((line) =>
      line.startsWith(`| \`${flag}\` `)
    );
    assert(row !== undefined, `${flag} is not in CONFIGURATION.md`);
    const [, number] = help.match(/\((\d+)\)$/) ?? [];
    if (number !== undefined) assert(row.includes(` ${number} `), row);
  }
});

Deno.test("CONFIGURATION.md shows a valid herd file", () => {
  const [text] = page.match(/^ {4}\{\n(?: {4}.*\n)*? {4}\}\n/m)!;
  const file = JSON.parse(text);
  const { servers } = parseTopology(file);
  assertEquals(servers.map(({ clientPort }) => clientPort), [9000, 700]);
  herdFileSource(schema, file.settings);
  assert(Object.keys(file.settings).length > 0);
});

Deno.test("CONFIGURATION.md shows what --print-permissions prints", async () => {
  const [, variable, value, command, line] = page.match(
    /^ {4}\$ (\w+)=(\S+) deno (.*)\n {4}(.*)\n/m,
  )!;
  await using program = Program.start(command.split(" "), {
    env: { [variable]: value },
  });
  assertEquals(await program.ended(), 0, program.stderr);
  assertEquals(program.stdout, `${line}\n`);
});
