import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import {
  ask,
  names,
  Program,
  projectFolder,
  TestHerd,
} from "./end_to_end/process.ts";

const readme = await Deno.readTextFile(`${projectFolder}README.md`);

/** The indented blocks, without their indentation. */
const blocks = readme.split(/\n(?! {4}|\n)/)
  .flatMap((part) => part.match(/(?:^ {4}.*\n+)+/gm) ?? [])
  .map((block) => block.replace(/^ {4}/gm, ""));

/** A clock difference is another one each time. */
const withoutDifferences = (text: string) =>
  text.replaceAll(/^AT (\S+) \S+/gm, "AT $1");

Deno.test("the README's transcripts are what comes out", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  await herd.start("Smith");
  await herd.start("Campbell");
  await herd.untilLinked(["Hill", "Smith", "Campbell"]);
  let transcripts = 0;
  for (const block of blocks) {
    const command = block.match(/^\$ printf '(.*)' \| nc -N localhost (\d+)\n/);
    if (command === null) continue;
    const [line, input, port] = command;
    const answer = await ask(
      herd.basePort + Number(port) - 8000,
      input.replaceAll("\\n", "\n"),
    );
    assertEquals(
      withoutDifferences(answer).trimEnd(),
      withoutDifferences(block.slice(line.length)).trimEnd(),
    );
    transcripts += 1;
    // What is told now has passed whatever was told before it.
    await herd.untilLinked(["Hill", "Smith", "Campbell"]);
  }
  assertEquals(transcripts, 2);
});

Deno.test("the README shows what --print-permissions prints", async () => {
  const block = blocks.find((block) =>
    /^\$ deno run .*permissions\n/.test(block)
  );
  const [command, line] = block!.split("\n");
  await using program = Program.start(command.split(" ").slice(2));
  assertEquals(await program.ended(), 0);
  assertEquals(program.stdout, `${line}\n`);
});

Deno.test("the README shows what herd up says", async () => {
  await using herd = new TestHerd();
  const up = await herd.up();
  const said = up.stdout
    .replace(herd.logFolder, "logs")
    .replaceAll(
      /127\.0\.0\.1:(\d+)/g,
      (_, port) => `127.0.0.1:${Number(port) - herd.basePort + 8000}`,
    );
  const shown = blocks.find((block) => block.includes(" task herd\n"))!;
  assertStringIncludes(said, shown.slice(shown.indexOf("\n") + 1).trimEnd());
});

Deno.test("the README shows what a trace looks like", async () => {
  await using herd = new TestHerd();
  await herd.up();
  const block = blocks.find((block) => block.includes(" task trace "))!;
  const [command, first] = block.split("\n");
  const [client, position, time] = first.split("  ");
  await ask(herd.portOf("Hill"), `IAMAT ${client} ${position} ${time}\n`);
  for (const name of names) await herd.untilLogged(name, ` ${client} `);
  await using program = Program.start([
    ...["run", "--allow-read", "main.ts", "trace"],
    ...[command.split(" ")[4], herd.logFolder],
  ]);
  assertEquals(await program.ended(), 0, program.stderr);
  const shown = block.slice(command.length + 1);
  assertEquals(withoutNumbers(program.stdout), withoutNumbers(shown));

  /** What every trace of it says: times and the tree differ each time. */
  function withoutNumbers(text: string) {
    const [first, heard, columns, ...rest] = text.trimEnd().split("\n");
    const end = rest.findIndex((line) => line.startsWith("reached "));
    const servers = rest.slice(0, end).map((line) => line.match(/\w+/)![0]);
    const blank = (line: string) =>
      line.replace(/\d[\d.]*/g, "#").replace(/duplicates?/, "duplicates");
    return {
      first,
      heard: blank(heard),
      columns: columns.trim().split(/ +/),
      servers: [...new Set(servers)].sort(),
      reached: rest[end].match(/^reached \d of \d servers/)![0],
      sums: blank(rest[end]),
    };
  }
});

Deno.test("the README's commands are tasks that there are", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(`${projectFolder}deno.json`),
  );
  const named = [...readme.matchAll(/deno(?:@2\.9\.6)? task ([\w:]+)/g)];
  assert(named.length >= 8);
  for (const [, task] of named) assert(task in tasks, task);
});
