/**
 * Tests `herd phones` with real servers.
 *
 * @module
 */
import { allocateBuffer } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { freeBasePort, names, Program, TestHerd } from "./process.ts";

function phones(basePort: number, ...flags: string[]): Program {
  // With --via they use the ports of gateways.
  const [via] = flags.filter((flag) => flag.startsWith("--via="));
  const offsets = via === undefined
    ? [0]
    : via === "--via=mqtt"
    ? [400, 500]
    : [400];
  const ports = offsets.flatMap((offset) =>
    names.map((_, index) => `127.0.0.1:${basePort + offset + index}`)
  );
  return Program.start([
    "run",
    "--no-prompt",
    `--allow-net=${ports.join(",")}`,
    "main.ts",
    "phones",
    `--base-port=${basePort}`,
    ...flags,
  ]);
}

/** The number in a row of the table. */
function numberOf(name: string, { stderr, stdout }: Program): number {
  const [, digits] = stdout.match(RegExp(`^  ${name} +([\\d,]+)`, "m")) ?? [];
  assert(digits !== undefined, `no ${name} in ${stdout}${stderr}`);
  return Number(digits.replaceAll(",", ""));
}

Deno.test("phones find no wrong answer and no lost report", async () => {
  await using herd = new TestHerd();
  await herd.up();
  await using run = phones(herd.basePort, "--count=100", "--seconds=3");
  assertEquals(await run.ended(), 0, run.stderr);
  assertMatch(run.stdout, /^100 phones for 3\.\d s, seed \d+\n/);
  assert(numberOf("reports", run) > 50);
  assert(numberOf("queries", run) > 10);
  const answered = numberOf("reports", run) + numberOf("queries", run);
  assertEquals(numberOf("answers right", run), answered);
  for (const name of ["answers wrong", "unanswered", "moved", "lost"]) {
    assertEquals(numberOf(name, run), 0);
  }
  assertMatch(run.stdout, / 5 servers\n/);
  assertMatch(run.stdout, /\n {2}IAMAT +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d /);
  assertMatch(run.stderr, /^100 phones \.\.\.\nseed \d+\n100 phones: ended /);
});

for (
  const [via, connection, reported] of [
    ["http", "http", /^\S+ http\/\d+ <- POST \/report /m],
    ["owntracks", "http", /^\S+ http\/\d+ <- POST \/pub\?u=/m],
    ["mqtt", "mqtt", /^\S+ mqtt\/\d+ <- IAMAT /m],
    ["websocket", "ws", /^\S+ ws\/\d+ <- IAMAT /m],
  ] as const
) {
  Deno.test(`phones that report by ${via} move when their server is killed, and no report is lost`, async () => {
    await using herd = new TestHerd();
    const hill = await herd.start("Hill", ["--http", "--mqtt"]);
    await herd.start("Smith", ["--http", "--mqtt"]);
    await herd.untilLinked(["Hill", "Smith"]);
    await using run = phones(
      herd.basePort,
      `--via=${via}`,
      "--count=60",
      "--seconds=600",
    );
    await herd.untilLogged("Hill", `${connection}/20 -- debug connected`);
    hill.signal("SIGKILL");
    // Of 60 phones, 15 have lost Hill by then.
    await herd.untilLogged("Smith", `${connection}/55 -- debug connected`);
    run.signal("SIGINT");
    assertEquals(await run.ended(), 0, run.stderr);
    assert(numberOf("moved", run) > 0);
    assert(numberOf("answers right", run) > 0);
    assertEquals(numberOf("answers wrong", run), 0);
    assertEquals(numberOf("lost", run), 0);
    assertMatch(herd.log("Smith"), reported);
    assertEquals(herd.log("Smith").includes("client/20 "), false);
  });
}

Deno.test("phones move when their server is killed, and no report is lost", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  await herd.start("Smith");
  await herd.untilLinked(["Hill", "Smith"]);
  await using run = phones(herd.basePort, "--count=60", "--seconds=600");
  // Most phones have found a running server by then.
  await herd.untilLogged("Hill", "client/20 -- debug connected");
  hill.signal("SIGKILL");
  // Of 60 phones, 15 have lost Hill by then.
  await herd.untilLogged("Smith", "client/55 -- debug connected");
  run.signal("SIGINT");
  assertEquals(await run.ended(), 0, run.stderr);
  assert(numberOf("moved", run) > 0);
  assert(numberOf("unanswered", run) >= numberOf("moved", run));
  assert(numberOf("not connected", run) > 0);
  assertEquals(numberOf("answers wrong", run), 0);
  assertEquals(numberOf("lost", run), 0);
  assertMatch(run.stdout, /silent at the end: Hill, Jaquez, Campbell, Singlet/);
});

Deno.test("phones print what to do if there are too few descriptors", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const args = [
    ...["run", "--no-prompt", "--allow-net", "main.ts", "phones"],
    ...[`--base-port=${herd.basePort}`, "--count=500", "--seconds=600"],
  ];
  await using run = Program.start(args, {
    through: ["sh", "-c", 'ulimit -n 150; exec "$@"', "sh"],
  });
  assertEquals(await run.ended(), 1);
  assertMatch(
    run.stderr,
    /\nherd: 500 phones need 600 descriptors, and there are fewer: run ulimit -n 600 first, here and where servers run; ulimit -Hn shows the most that can be set\n$/,
  );
});

Deno.test("phones print the other limits on their number", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--max-connections=10"]);
  await using run = phones(herd.basePort, "--count=100", "--seconds=4");
  await run.ended();
  assertStringIncludes(
    run.stderr,
    "some phones were not served: servers need a descriptor for each " +
      "(ulimit -n), and allow --max-connections in all and " +
      "--max-connections-per-address from one machine\n",
  );
});

Deno.test("phones print one line if no server runs", async () => {
  const basePort = freeBasePort();
  await using run = phones(basePort);
  assertEquals(await run.ended(), 1);
  assertEquals(run.stdout, "");
  assertMatch(
    run.stderr,
    RegExp(`^herd: cannot connect to 127.0.0.1:${basePort}, .*refused.*\n$`),
  );
});

Deno.test("phones print wrong answers, and fail", async () => {
  const basePort = freeBasePort();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: basePort });
  const serving = (async () => {
    for await (const connection of listener) void answerWrongly(connection);
  })();
  await using run = phones(basePort, "--count=5", "--seconds=4");
  assertEquals(await run.ended(), 1);
  const [, seed] = run.stdout.match(/, seed (\d+)\n/)!;
  assertStringIncludes(run.stderr, `\nseed ${seed}\n`);
  assert(numberOf("answers wrong", run) >= 5);
  assertMatch(run.stdout, /\n {2}wrong: the server answered \? what to IAMAT /);
  const again = `herd phones --base-port=${basePort} --count=5 --seconds=4`;
  assertMatch(
    run.stderr,
    RegExp(`\nherd: \\d+ answers wrong; to repeat: ${again} --seed=${seed}\n$`),
  );
  await using second = phones(
    basePort,
    "--count=5",
    "--seconds=4",
    `--seed=${seed}`,
  );
  assertEquals(await second.ended(), 1);
  assertMatch(second.stdout, RegExp(`, seed ${seed}\n`));
  assertMatch(second.stderr, RegExp(`; to repeat: ${again} --seed=${seed}\n$`));
  listener.close();
  await serving;
});

/** Sends the same wrong answer for whatever it reads. */
async function answerWrongly(connection: Deno.TcpConn): Promise<void> {
  using _ = connection;
  const buffer = allocateBuffer(1024);
  while (await connection.read(buffer) !== null) {
    await writeAll(connection, "? what\n");
  }
}
