/**
 * Checks the documents: their links, the glossary, the changelog, and the files
 * and tasks that they name.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "./assert.ts";
import { rooms } from "./architecture.ts";
import { anchorsOf, blocksOf, readDocument } from "./document.ts";
import { projectFolder } from "./end_to_end/process.ts";

/** All documents. */
const pages = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "deploy/README.md",
  "examples/README.md",
  ...[...Deno.readDirSync(`${projectFolder}docs`)]
    .filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => `docs/${name}`),
];

/** Paths of the project's files and folders; folders end in a slash. */
const paths = new Set(pathsBelow(""));

function* pathsBelow(folder: string): Generator<string> {
  for (
    const { isDirectory, name } of Deno.readDirSync(projectFolder + folder)
  ) {
    if (/^(\.git|data|dist|logs|node_modules)$/.test(name)) continue;
    const path = folder + name;
    yield isDirectory ? `${path}/` : path;
    if (isDirectory) yield* pathsBelow(`${path}/`);
  }
}

Deno.test("every link leads to a file, and to a heading in it", () => {
  let links = 0;
  for (const page of pages) {
    const text = readDocument(page).replaceAll(/\n\s*/g, " ");
    for (
      const [, target, anchor] of text.matchAll(/\]\(([^)#:]*)(?:#([^)]+))?\)/g)
    ) {
      const url = new URL(target || ".", `file:///${page}`);
      const path = target === "" ? page : url.pathname.slice(1);
      assert(paths.has(path), `${page}: ${target}`);
      links += 1;
      if (anchor === undefined) continue;
      const anchors = anchorsOf(readDocument(path));
      assert(anchors.includes(anchor), `${page}: ${target}#${anchor}`);
    }
  }
  assert(links > 80, String(links));
});

Deno.test("every file that the documents name exists", () => {
  let named = 0;
  for (const page of pages) {
    // Old versions had other files, and the examples name the reader's files.
    if (/^(CHANGELOG|docs\/(LIBRARY|PLACES))/.test(page)) continue;
    for (
      const [, path] of readDocument(page).matchAll(
        /`((?:\w[\w@]*\/)+(?:[\w@]+\.(?:ts|py|sh|js|json|txt|service|typ|pdf))?)`/g,
      )
    ) {
      if (/^(data|logs|dist)\//.test(path)) continue;
      assert(paths.has(path), `${page}: ${path}`);
      named += 1;
    }
  }
  assert(named > 60, String(named));
});

Deno.test("the glossary has every term once, in order, and names existing code", () => {
  const rows = readDocument("docs/GLOSSARY.md").split("\n")
    .filter((line) => line.startsWith("| **"));
  assert(rows.length > 30, String(rows.length));
  const terms = rows.map((row) => row.match(/\*\*(.+?)\*\*/)![1]);
  const sorted = [...new Set(terms)]
    .sort((one, other) => one.localeCompare(other, "en"));
  assertEquals(terms, sorted);
  const code = [...paths]
    .filter((path) => path.endsWith(".ts") && !path.startsWith("tests/"))
    .map(readDocument).join("\n");
  for (const row of rows) {
    const names = [...row.split(" | ").at(-1)!.matchAll(/`([^`]+)`/g)];
    assert(names.length > 0, row);
    for (const [, name] of names) {
      const declaration =
        `^export (class|const|function|interface|type) ${name}`;
      const exists = /[/.]/.test(name)
        ? paths.has(name)
        : RegExp(`${declaration}\\b`, "m").test(code);
      assert(exists, `${name} does not exist: ${row}`);
    }
  }
});

Deno.test("the changelog has the form of Keep a Changelog", () => {
  const text = readDocument("CHANGELOG.md");
  assertMatch(text, /^# Changelog\n/);
  const { version } = JSON.parse(readDocument("deno.json"));
  const versions = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  assertEquals(versions[0], "[Unreleased]");
  assert(versions.some((title) => title.startsWith(`[${version}]`)));
  for (const title of versions) {
    assertMatch(title, /^\[(Unreleased|\d+\.\d+\.\d+)\]( - \d{4}-\d\d-\d\d)?$/);
  }
  const kinds = [...text.matchAll(/^### (.*)$/gm)].map(([, kind]) => kind);
  for (const kind of kinds) {
    assertMatch(kind, /^(Added|Changed|Deprecated|Removed|Fixed|Security)$/);
  }
});

Deno.test("the documents' commands are tasks of deno.json", () => {
  const { tasks } = JSON.parse(readDocument("deno.json"));
  const counts = new Map<string, number>();
  for (const page of pages) {
    const named = [
      ...readDocument(page).matchAll(
        /(?:\bdeno(?:@[\d.]+)?|`) ?task ([a-z][\w:]*)/g,
      ),
    ];
    for (const [, task] of named) assert(task in tasks, `${page}: ${task}`);
    counts.set(page, named.length);
  }
  assert(counts.get("README.md")! >= 8);
  assert(counts.get("docs/TOOLS.md")! >= 20);
});

Deno.test("TOOLS.md names every task, except the parts of others", () => {
  const parts = ["check", "doc", "fetch", "fmt", "lint"];
  const page = readDocument("docs/TOOLS.md");
  const { tasks } = JSON.parse(readDocument("deno.json"));
  for (const task of Object.keys(tasks)) {
    if (parts.includes(task)) continue;
    assert(page.includes(`deno task ${task}`), `${task} is not in TOOLS.md`);
  }
});

Deno.test("the README's table has every room", () => {
  const page = readDocument("README.md");
  for (const room of Object.keys(rooms)) {
    if (room.includes("/") || room === "deno.json") continue;
    const name = room.includes(".") ? `\`${room}\`` : `${room}/`;
    assert(page.includes(name), `${name} is not in README.md`);
  }
});

Deno.test("README.md and ARCHITECTURE.md stay short", () => {
  for (
    const [path, most] of [
      ["README.md", 150],
      ["docs/ARCHITECTURE.md", 250],
    ] as const
  ) {
    const lines = readDocument(path).split("\n").length - 1;
    assert(lines <= most, `${path}: ${lines} lines, of at most ${most}`);
  }
});

Deno.test("the README begins with the commands for a machine with npm only", () => {
  const [version] = readDocument(".ci/run").match(/npx -y deno@\S+/)!;
  assertEquals(
    blocksOf(readDocument("README.md"))[0].trimEnd(),
    `${version} task herd\n${version} task test`,
  );
});
