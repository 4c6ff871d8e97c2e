/**
 * The commands in deno.json and in the documents load no code but the project's
 * own and the pinned packages.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { readDocument } from "./document.ts";

/** The command that the assignment prescribes, which shows up once. */
const assignmentsCommand =
  "deno run --allow-net --allow-write server.ts Campbell";

/** Folders outside of which a command runs in the project have a lock file. */
const documents = [
  "README.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  "deploy/README.md",
  "docs/ADMINISTRATION.md",
  "docs/CONFIGURATION.md",
  "docs/OPERATIONS.md",
  "docs/PLACES.md",
  "docs/TESTING.md",
  "docs/TOOLS.md",
  "examples/README.md",
];

/** Commands of `deno run` in a text, each up to the program's name. */
function runsIn(text: string): string[] {
  const commands = text.replaceAll(/\\\n\s*/g, "")
    .matchAll(/deno(?:@[\d.]+)? run [^\n`]*?\S+\.ts\b[^\n`]*/g);
  return Array.from(commands, ([command]) => command);
}

Deno.test({
  name:
    "every task that runs a program uses the pinned packages and no other code",
  permissions: "none",
  fn() {
    const commands = Object.entries<string | { command: string }>(
      manifest.tasks,
    ).map(([name, task]) =>
      [name, typeof task === "string" ? task : task.command] as const
    );
    const runs = commands.filter(([, command]) => /deno run /.test(command));
    assert(runs.length > 15, `${runs.length}`);
    for (const [name, command] of runs) {
      assertStringIncludes(command, " --frozen --no-remote ", name);
    }
  },
});

Deno.test("the documents' commands do too, except for the assignment's", () => {
  const runs = documents.flatMap((path) =>
    runsIn(readDocument(path)).map((command) => `${path}: ${command}`)
  );
  const open = runs.filter((run) => !run.includes("--frozen --no-remote "));
  assertEquals(open, [`README.md: ${assignmentsCommand}`]);
  assert(runs.length > 8, runs.join("\n"));
});
