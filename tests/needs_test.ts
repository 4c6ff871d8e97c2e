import { assert, assertEquals, assertThrows } from "./assert.ts";
import { projectFolder } from "./end_to_end/process.ts";
import { missingFor, needs } from "./needs.ts";

/** Programs that every Unix has. Tests do not declare them. */
const everywhere = ["cat", "cp", "id", "mkfifo", "sh"];

/** The texts of all modules below tests/, by path. */
const texts = new Map<string, string>();

function readModules(folder: string): void {
  for (
    const { isDirectory, name } of Deno.readDirSync(projectFolder + folder)
  ) {
    const path = `${folder}${name}`;
    if (isDirectory) readModules(`${path}/`);
    else if (path.endsWith(".ts")) {
      texts.set(path, Deno.readTextFileSync(projectFolder + path));
    }
  }
}

readModules("tests/");
// This file's text contains patterns of commands.
texts.delete("tests/needs_test.ts");
// The only module outside of tests/ that starts a program for tests.
texts.set("tools/browser.ts", 'new Deno.Command("chromium")');

/** The programs that the script installs. */
const installed = new Set(
  [
    ...Deno.readTextFileSync(`${projectFolder}tools/install_test_programs.sh`)
      .matchAll(/^program (\S+) /gm),
  ].map(([, name]) => name),
);

/** The programs that a module and its imports start by name. */
function programsOf(path: string, seen = new Set<string>()): Set<string> {
  const programs = new Set<string>();
  const text = texts.get(path);
  if (text === undefined || seen.has(path)) return programs;
  seen.add(path);
  for (const [, name] of text.matchAll(/\bCommand\(\s*"([^"]+)"/g)) {
    programs.add(name);
  }
  // Other lists and other calls of run() are not commands.
  for (const [, name] of text.matchAll(/(?:\brun\(|\[)\s*"([^"]+)"/g)) {
    if (installed.has(name)) programs.add(name);
  }
  for (const [, specifier] of text.matchAll(/ from "(\.[^"]+)"/g)) {
    const imported = new URL(specifier, `file:///${path}`).pathname.slice(1);
    for (const name of programsOf(imported, seen)) programs.add(name);
  }
  return programs;
}

/** The programs that a module declares. */
const declaredIn = (text: string) =>
  [...text.matchAll(/\bneeds(?:\(([^)]*)\)|: ("[^"]+"))/g)]
    .flatMap(([, list, one]) => [...(list ?? one).matchAll(/"([^"]+)"/g)])
    .map(([, name]) => name);

Deno.test("every program that a test needs is installed by the script", () => {
  const declared = new Set([...texts.values()].flatMap(declaredIn));
  assert(declared.size >= 8, [...declared].join());
  for (const name of declared) assert(installed.has(name), name);
  assertThrows(() => needs("sh"), Error, "unknown program sh");
});

Deno.test("no test starts a program that it does not declare", () => {
  let found = 0;
  for (const [path, text] of texts) {
    if (!path.endsWith("_test.ts")) continue;
    const declared = declaredIn(text);
    for (const name of programsOf(path)) {
      if (everywhere.includes(name)) continue;
      assert(declared.includes(name), `${path} does not declare ${name}`);
      found += 1;
    }
  }
  assert(found >= 15, `${found}`);
});

Deno.test("a test that needs no program runs everywhere", () => {
  assertEquals(needs(), Deno);
});

Deno.test("the name of an ignored test gives the missing programs", () => {
  assertEquals(missingFor("a (b) (not run: needs nc, dash)"), ["nc", "dash"]);
  assertEquals(missingFor("a (not run: needs nc) and more"), []);
});
