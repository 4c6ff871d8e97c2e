/**
 * Compares the transcripts in README.md, docs/TOOLS.md and docs/OPERATIONS.md
 * with the output of the programs.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { blocksOf, readDocument } from "./document.ts";
import { ask, names, Program, TestHerd } from "./end_to_end/process.ts";

const readme = readDocument("README.md");
const blocks = blocksOf(readme);
const toolBlocks = blocksOf(readDocument("docs/TOOLS.md"));

/** Removes the clock differences, which differ in each run. */
const withoutDifferences = (text: string) =>
  text.replaceAll(/^AT (\S+) \S+/gm, "AT $1");

Deno.test("the README's transcripts match the herd's replies", async () => {
  const linked = ["Hill", "Jaquez", "Smith", "Campbell"];
  await using herd = new TestHerd();
  for (const name of linked) await herd.start(name);
  await herd.untilLinked(linked);
  const transcripts = { nc: 0, send: 0 };
  for (const block of blocks) {
    const [command] = block.split("\n", 1);
    let answer: string;
    const raw = command.match(/^\$ printf '(.*)' \| nc -N localhost (\d+)$/);
    const send = command.match(/ task (send) (\w+) '(.*)'$/);
    if (raw !== null) {
      const [, input, port] = raw;
      answer = await ask(
        herd.basePort + Number(port) - 8000,
        input.replaceAll("\\n", "\n"),
      );
      transcripts.nc += 1;
    } else if (send !== null) {
      const [, ...args] = send;
      await using program = Program.start([
        ...["run", "--allow-net", "main.ts", ...args],
        `--base-port=${herd.basePort}`,
      ]);
      assertEquals(await program.ended(), 0, program.stderr);
      answer = program.stdout;
      transcripts.send += 1;
    } else continue;
    assertEquals(
      withoutDifferences(answer).trimEnd(),
      withoutDifferences(block.slice(command.length + 1)).trimEnd(),
    );
    // Its reports follow the transcript's report on all links.
    await herd.untilLinked(linked);
  }
  assertEquals(transcripts, { nc: 1, send: 2 });
});

Deno.test("OPERATIONS.md shows what --print-permissions prints", async () => {
  const block = blocksOf(readDocument("docs/OPERATIONS.md")).find((block) =>
    /^\$ deno run .*permissions\n/.test(block)
  );
  const [command, line] = block!.split("\n");
  await using program = Program.start(command.split(" ").slice(2));
  assertEquals(await program.ended(), 0);
  assertEquals(program.stdout, `${line}\n`);
});

Deno.test("the README shows what herd up prints", async () => {
  await using herd = new TestHerd();
  const up = await herd.up();
  const printed = up.stdout
    .replace(herd.logFolder, "logs")
    .replaceAll(
      /127\.0\.0\.1:(\d+)/g,
      (_, port) => `127.0.0.1:${Number(port) - herd.basePort + 8000}`,
    );
  const shown = blocks.find((block) => /^\$ .* task herd\n/.test(block))!;
  assertStringIncludes(printed, shown.slice(shown.indexOf("\n") + 1).trimEnd());
});

Deno.test("TOOLS.md shows what a trace prints", async () => {
  await using herd = new TestHerd();
  await herd.up();
  const block = toolBlocks.find((block) => block.includes(" task trace "))!;
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

  /** Removes the times and the tree, which differ in each trace. */
  function withoutNumbers(text: string) {
    const [first, received, columns, ...rest] = text.trimEnd().split("\n");
    const end = rest.findIndex((line) => line.startsWith("reached "));
    const servers = rest.slice(0, end).map((line) => line.match(/\w+/)![0]);
    const blank = (line: string) =>
      line.replace(/\d[\d.]*/g, "#").replace(/duplicates?/, "duplicates");
    return {
      first,
      received: blank(received),
      columns: columns.trim().split(/ +/),
      servers: [...new Set(servers)].sort(),
      reached: rest[end].match(/^reached \d of \d servers/)![0],
      sums: blank(rest[end]),
    };
  }
});

/**
 * The labels of a transcript: the part of each line before two or more spaces.
 */
const labelsOf = (text: string) =>
  text.split("\n").map((line) => line.split(/ {2,}/)[0]).filter(Boolean);

Deno.test("TOOLS.md shows what phones, status and stats print", async () => {
  await using herd = new TestHerd();
  await herd.up();
  const commands = {
    phones: ["--allow-net", "--count=20", "--seconds=1"],
    status: ["--allow-net"],
    stats: ["--allow-read"],
  };
  for (const [name, [permission, ...args]] of Object.entries(commands)) {
    await using program = Program.start([
      ...["run", permission, "main.ts", name, ...args],
      name === "stats" ? herd.logFolder : `--base-port=${herd.basePort}`,
    ]);
    assertEquals(await program.ended(), 0, program.stderr);
    const shown = toolBlocks.find((block) => block.includes(` task ${name}`))!;
    const printed = labelsOf(blank(program.stdout));
    const labels = labelsOf(blank(shown)).slice(1);
    assert(labels.length > 3, `${name}: ${labels}`);
    for (const label of labels) {
      assert(printed.includes(label), `${name}: ${label} is not in ${printed}`);
    }
  }

  /** Removes numbers and times, which differ in each run. */
  function blank(text: string): string {
    return text.trimStart().replaceAll(/^ +/gm, "")
      .replaceAll(/\d[\d,.:TZ-]*/g, "#");
  }
});
