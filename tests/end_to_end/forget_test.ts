import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { ask, names, Program, TestHerd, until } from "./process.ts";

const command = ["run", "--no-prompt", "--allow-net", "main.ts", "forget"];

/** Runs `herd forget` to its end. */
async function run(args: readonly string[]) {
  await using program = Program.start([...command, ...args]);
  const code = await program.ended();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

Deno.test("herd forget deletes a client on every server, until it reports again", async () => {
  await using herd = new TestHerd();
  await herd.up();
  const flags = ["--base-port", String(herd.portOf("Hill"))];
  const report = (name: string, time: string) =>
    ask(herd.portOf(name), `IAMAT a&b+c +34.068930-118.445127 ${time}\n`);
  const query = (name: string) =>
    ask(herd.portOf(name), "WHATSAT a&b+c 10 0\n");
  await report("Hill", "1520023934.918963997");
  for (const name of names) {
    await until(async () => (await query(name)).startsWith("AT Hill"));
  }
  const { code, stderr, stdout } = await run(["a&b+c", ...flags]);
  assertEquals([code, stderr], [0, ""], stdout);
  const lines = stdout.trimEnd().split("\n");
  assertStringIncludes(lines[0], "What was heard of a&b+c until ");
  assertEquals(lines.slice(2).map((line) => line.trim().split(" ")[0]), names);
  assertStringIncludes(lines[2], "its report is deleted");
  for (const name of names) {
    assertEquals(await query(name), "? WHATSAT a&b+c 10 0\n", name);
  }
  // The client's clock does not matter.
  await report("Campbell", "7");
  for (const name of names) {
    await until(async () => (await query(name)).startsWith("AT Campbell"));
  }
});

Deno.test("herd forget does not deny a report that is later than --at", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const flags = ["--base-port", String(herd.portOf("Hill"))];
  await ask(herd.portOf("Hill"), "IAMAT kiwi +1+1 7\n");
  const earlier = String(Math.floor(Date.now() / 1000) - 3_600);
  const { code, stdout } = await run(["kiwi", "--at", earlier, ...flags]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Hill       it has no such report");
  const answer = await ask(herd.portOf("Hill"), "WHATSAT kiwi 1 0\n");
  assertStringIncludes(answer, "AT Hill ");
});

Deno.test("herd forget prints each error in one line", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const flags = ["--base-port", String(herd.portOf("Hill"))];
  const cases = [
    [[], 2, "expected a client's ID"],
    [["kiwi", "pear"], 2, "expected one client's ID, found pear too"],
    [["kiwi", "--at", "tomorrow"], 2, "--at: expected POSIX seconds"],
    [["kiwi", "--server", "Nobody"], 2, "no server is called Nobody"],
    [["ki wi", "--server", "Hill"], 1, "expected id=ID with an ID as the log"],
    [["kiwi", "--server", "Hill", "--at", "5"], 1, "--forget-days ago"],
    [["kiwi", "--server", "Jaquez"], 1, "cannot connect"],
  ] as const;
  for (const [args, expected, message] of cases) {
    const { code, stderr, stdout } = await run([...args, ...flags]);
    assertEquals([code, stdout], [expected, ""], stderr);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
  // One that answers is enough.
  const { code, stdout } = await run(["kiwi", ...flags]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "not asked: cannot connect");
  assert(
    stdout.includes("it has no link, so it has told no other server"),
    stdout,
  );
});
