/**
 * Tests that the checks of a soak find faults. `deno task soak` runs the soak
 * itself.
 *
 * @module
 */
import fc from "../fast_check.ts";
import { formatEvent } from "../../log/record.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { Program } from "../end_to_end/process.ts";
import { Random } from "../../runtime/random.ts";
import { anySeed, assertProperty } from "../property.ts";
import { attackKinds, drawAttack } from "./attacks.ts";
import { AnswerChecker, type AnswerFault, type SentLine } from "./answers.ts";
import { ExpectedReports } from "./expected_reports.ts";
import { LogChecker, LogReader } from "./logs.ts";
import { judgeMemory, type Sample, shortestJudgedMs } from "./machine.ts";
import { compareTables } from "./tables.ts";
import { drawClients, drawTime, positionAt } from "./random_lines.ts";

const nowMs = 1_520_024_734_000;
const time = "1520024733.500000000";
const position = positionAt(time);

/** The AT line of a report that was sent half a second ago. */
const atLine = (client: string, server = "Hill") =>
  `AT ${server} +0.500000000 ${client} ${position} ${time}`;

const report = (client: ByteString): SentLine => ({
  kind: "report",
  server: "Hill",
  client,
  position,
  time,
  sentAtMs: nowMs - 100,
});

const echo = (line: ByteString): SentLine => ({
  kind: "echo",
  line,
  sentAtMs: nowMs,
});

const places = (line: ByteString) => `{\n"about" : "${line.length}"\n}`;

const query = (client: ByteString, atLeast?: ByteString): SentLine => ({
  kind: "query",
  line: `WHATSAT ${client} 1 1`,
  client,
  atLeast,
  places,
  sentAtMs: nowMs,
});

/** The correct answer to a line. */
function answerTo(sent: SentLine): ByteString {
  if (sent.kind === "echo") return `? ${sent.line}\n`;
  const line = atLine(sent.client);
  if (sent.kind === "report") return `${line}\n`;
  return `${line}\n${places(line)}\n\n`;
}

const sentLines: readonly SentLine[] = [
  report("kiwi"),
  echo(""),
  query("kiwi"),
  echo("AT Hill"),
  report("pear\xff"),
  query("pear\xff"),
];

const rightAnswers = sentLines.map(answerTo);

/** The faults of these answers, by default to `sentLines`. */
function faultsOf(
  answers: readonly ByteString[],
  options: {
    sent?: readonly SentLine[];
    isExcused?: boolean;
    pieceBytes?: number;
  } = {},
): string[] {
  const faults: AnswerFault[] = [];
  const checker = new AnswerChecker(
    () => {},
    (fault) => faults.push(fault),
    () => nowMs,
  );
  for (const line of options.sent ?? sentLines) checker.expect(line);
  const text = answers.join("");
  const pieceBytes = options.pieceBytes ?? text.length + 1;
  for (let at = 0; at < text.length; at += pieceBytes) {
    checker.push(text.slice(at, at + pieceBytes));
  }
  checker.end(options.isExcused ?? false);
  return faults.map(({ kind }) => kind);
}

const pure = { permissions: "none" } as const;

Deno.test(
  "AnswerChecker accepts correct answers in pieces of any size",
  pure,
  () => {
    for (let pieceBytes = 1; pieceBytes < 200; pieceBytes++) {
      assertEquals(faultsOf(rightAnswers, { pieceBytes }), []);
    }
    const unknown = query("nobody");
    const refusal = ["? WHATSAT nobody 1 1\n"];
    assertEquals(faultsOf(refusal, { sent: [unknown] }), []);
  },
);

Deno.test("AnswerChecker finds a lost answer", pure, () => {
  for (let lost = 0; lost < sentLines.length; lost++) {
    const answers = rightAnswers.toSpliced(lost, 1);
    assertEquals(faultsOf(answers), ["lost"], `${lost}`);
  }
});

Deno.test(
  "AnswerChecker accepts missing answers only after a fault",
  pure,
  () => {
    for (let count = 0; count < sentLines.length; count++) {
      const answers = rightAnswers.slice(0, count);
      assertEquals(faultsOf(answers, { isExcused: true }), []);
      assertEquals(faultsOf(answers).length, sentLines.length - count);
      const half = rightAnswers[count].slice(0, -1);
      assertEquals(faultsOf([...answers, half], { isExcused: true }), []);
    }
    // Later lines were answered, so no fault of the network has lost it.
    const answers = rightAnswers.toSpliced(1, 1);
    assertEquals(faultsOf(answers, { isExcused: true }), ["lost"]);
  },
);

Deno.test("AnswerChecker finds reordered answers", pure, () => {
  for (let first = 0; first < sentLines.length; first++) {
    for (let second = first + 1; second < sentLines.length; second++) {
      const answers = [...rightAnswers];
      [answers[first], answers[second]] = [answers[second], answers[first]];
      const faults = faultsOf(answers);
      assert(faults.includes("reordered"), `${first} ${second} ${faults}`);
    }
  }
});

Deno.test("AnswerChecker finds wrong answers", pure, () => {
  const known = atLine("kiwi");
  const unknown = atLine("kiwi", "Nobody");
  const wrong: [SentLine, ByteString][] = [
    [report("kiwi"), "? IAMAT kiwi\n"],
    [report("kiwi"), `${atLine("kiwi", "Smith")}\n`],
    [report("kiwi"), `${atLine("pear")}\n`],
    [report("kiwi"), `${known}0\n`],
    [report("kiwi"), `${known.replace("+0.5", "+1.5")}\n`],
    [report("kiwi"), `${known.replace("+0.5", "-0.5")}\n`],
    [report("kiwi"), `${known.replace("+0.500000000", "+0.5")}\n`],
    [report("kiwi"), `${known.replace(position, "+1+1")}\n`],
    [report("kiwi"), `${known.replace(" kiwi", "  kiwi")}\n`],
    [echo("x"), "? y\n"],
    [echo("x"), "?x\n"],
    [query("kiwi"), `${known}\n{\n}\n\n`],
    [query("kiwi"), `${atLine("pear")}\n${places(known)}\n\n`],
    [query("kiwi"), `${unknown}\n${places(unknown)}\n\n`],
    [query("kiwi"), `${known}\n`],
    [query("kiwi", known), "? WHATSAT kiwi 1 1\n"],
  ];
  for (const [sent, answer] of wrong) {
    // A correct answer follows, so that the end of the wrong one is found.
    const faults = faultsOf([answer, "? z\n"], { sent: [sent, echo("z")] });
    assert(faults.includes("wrong"), `${JSON.stringify(answer)}: ${faults}`);
  }
  // Older than what the server was known to have.
  const newer = known.replace(time, "1520024733.6");
  const stale = { sent: [query("kiwi", newer)] };
  assertEquals(faultsOf([rightAnswers[2]], stale), ["wrong"]);
  assertEquals(faultsOf([...rightAnswers, "? more\n"]), ["wrong"]);
});

Deno.test(
  "ExpectedReports requires the reports of running servers and of the anchor",
  pure,
  () => {
    const line = (server: string, seconds: number) =>
      `AT ${server} +0.000000000 kiwi +1+1 ${seconds}`;
    const expected = new ExpectedReports();
    expected.recordAnswer(line("Hill", 5));
    expected.recordAnswer(line("Smith", 7));
    expected.recordAnswer(line("Smith", 6));
    assertEquals([...expected.required().values()], [line("Smith", 7)]);
    assertEquals(expected.missingAtAnchor("Smith"), [line("Smith", 7)]);
    expected.forgetServer("Smith");
    assertEquals([...expected.required().values()], [line("Hill", 5)]);
    expected.recordAtAnchor(line("Smith", 6));
    assertEquals(expected.missingAtAnchor("Hill"), []);
    expected.forgetServer("Hill");
    assertEquals([...expected.required().values()], [line("Smith", 6)]);
  },
);

Deno.test(
  "compareTables() finds servers that differ or have too old reports",
  pure,
  () => {
    const old = atLine("kiwi").replace(time, "1520024733.4");
    const table = (line?: string) =>
      new Map(line === undefined ? [] : [["kiwi", line]]);
    const problems = (hill?: string, smith?: string, required?: string) =>
      compareTables(
        ["kiwi"],
        new Map([["Hill", table(hill)], ["Smith", table(smith)]]),
        table(required),
      ).length;
    const line = atLine("kiwi");
    assertEquals(problems(), 0);
    assertEquals(problems(line, line, line), 0);
    assertEquals(problems(line, line, old), 0);
    assertEquals(problems(line, line), 0);
    assertEquals(problems(line, old, old), 1);
    assertEquals(problems(undefined, line), 1);
    assertEquals(problems(old, old, line), 1);
    assertEquals(problems(undefined, undefined, line), 1);
    // Of equal times, the greater line is the newer one. A repetition is not
    // stored.
    assertEquals(problems(atLine("kiwi", "Hill"), line, line), 0);
    const repeated = atLine("kiwi", "Smith");
    assertEquals(problems(line, line, repeated), 0);
    const smith = repeated.replace(/ \S+ (\S+)$/, " +9.5+9.5 $1");
    assertEquals(problems(line, line, smith), 1);
    assertEquals(problems(smith, smith, line), 0);
  },
);

/** Samples of memory, one a second. */
function memory(seconds: number, bytesAt: (second: number) => number) {
  return Array.from({ length: seconds }, (_, second): Sample => ({
    atMs: second * 1000,
    memoryBytes: bytesAt(second),
    descriptors: 9,
  }));
}

Deno.test(
  "judgeMemory() distinguishes a leak from the runtime's growth and from peaks",
  pure,
  () => {
    const state = (seconds: number, bytesAt: (second: number) => number) =>
      judgeMemory(memory(seconds, bytesAt)).state;
    const megabyte = 1e6;
    assertEquals(state(300, () => 150 * megabyte), "flat");
    // The runtime grows at first, and the load makes peaks.
    assertEquals(state(300, (at) => Math.min(at, 80) * 2 * megabyte), "flat");
    assertEquals(state(300, (at) => (150 + 60 * (at % 2)) * megabyte), "flat");
    assertEquals(
      state(300, (at) => (at > 220 ? 900 : 150) * megabyte),
      "flat",
    );
    assertEquals(state(400, (at) => (100 + at) * megabyte), "grown");
    assertEquals(state(200, (at) => (100 + at) * megabyte), "flat");
    assertEquals(state(120, (at) => (100 + 9 * at) * megabyte), "grown");
    const short = shortestJudgedMs / 1000;
    assertEquals(state(short, (at) => at * 10 * megabyte), "not judged");
    assertEquals(judgeMemory([]).state, "not judged");
  },
);

const record = (event: string, level: "info" | "error" = "info") =>
  formatEvent("2018-03-02T21:05:34.000000Z", "server", level, event, {});

const line = "2018-03-02T21:05:34.000000Z client/1 <- x\n";

/** The results of checking the text of a file. */
function checkText(text: string) {
  const faults: string[] = [];
  const events: string[] = [];
  const checker = new LogChecker(
    (fault) => faults.push(fault),
    ({ event }) => events.push(event),
  );
  checker.check("Hill.log", text);
  const { cutLines, records } = checker;
  return { faults: faults.length, events, cutLines, records };
}

Deno.test(
  "LogChecker finds lines that are no records, except those cut by a kill",
  pure,
  () => {
    const started = record("started");
    const good = { faults: 0, cutLines: 0 };
    const check = (text: string, expected: object) => {
      const { cutLines, faults, records } = checkText(text);
      assertEquals({ cutLines, faults, records }, expected);
    };
    check("", { ...good, records: 0 });
    check(`${started}${line}`, { ...good, records: 2 });
    check(`${started}${line}\n${started}`, { ...good, records: 3 });
    const cut = { faults: 0, cutLines: 1 };
    check(`${line}2018-03-0`, { ...cut, records: 1 });
    check(`${line}${line.slice(0, -1)}`, { ...cut, records: 1 });
    check(`${line}2018-03-0\n${started}`, { ...cut, records: 2 });
    const bad = { faults: 1, cutLines: 0 };
    check(`${line}2018-03-0\n${line}`, { ...bad, records: 2 });
    check(`${line}\n${line}`, { ...bad, records: 2 });
    check(`nonsense\n${line}`, { ...bad, records: 1 });
    check(`${line.replace("x", "\\q")}${line}`, { ...bad, records: 1 });
    assertEquals(checkText(started + record("crashed", "error")).events, [
      "started",
      "crashed",
    ]);
  },
);

Deno.test("LogReader reads full files, and moves them", async () => {
  const folder = await Deno.makeTempDir();
  const full = line.repeat(30) + formatEvent(
    "2018-03-02T21:05:34.000000Z",
    "server",
    "info",
    "log continues",
    { file: "x.log" },
  );
  const write = (name: string, text: string) =>
    Deno.writeTextFileSync(`${folder}/${name}`, text);
  write("Hill.log", full);
  write("Hill.1.log", `nonsense\n${full}`);
  // Not full: a client has sent the text of such a record.
  const forged = 'server -- info log-continues file="x"';
  write("Hill.2.log", line.repeat(59) + line.replace("x\n", `${forged}\n`));
  write("Hill.3.log", full.slice(0, -1));
  write("Hill.4.log", full + record("stopped"));
  const faults: string[] = [];
  const checker = new LogChecker((fault) => faults.push(fault), () => {});
  const reader = new LogReader(folder, `${folder}/read`, () => checker);
  const namesIn = (folder: string) =>
    [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile)
      .map(({ name }) => name).sort();
  assertEquals(reader.readFull(), 2);
  assertEquals(faults.length, 1);
  assertEquals(namesIn(folder), ["Hill.2.log", "Hill.3.log", "Hill.4.log"]);
  reader.readRest();
  assertEquals(namesIn(folder), []);
  const read = namesIn(`${folder}/read`);
  assertEquals(read.map((name) => name.slice(0, 7)), [
    "000001.",
    "000002.",
    "000003.",
    "000004.",
    "000005.",
  ]);
  assertEquals(checker.records, 31 + 31 + 60 + 30 + 32);
  assertEquals(checker.cutLines, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test(
  "the same seed draws the same IDs, all different",
  pure,
  () => {
    const property = fc.property(anySeed, (seed) => {
      const clients = drawClients(new Random(seed), 300);
      assertEquals(new Set(clients).size, 300);
      assertEquals(drawClients(new Random(seed), 300), clients);
      assert(clients.every((client) => !/[\n\t\v\f\r ]/.test(client)));
      const random = new Random(seed);
      const times = Array.from({ length: 200 }, () => drawTime(random, nowMs));
      assert(times.every((time) => /^\d+(\.\d+)?$/.test(time)));
      assert(new Set(times.map(positionAt)).size > 5);
    });
    assertProperty(property, { numRuns: 20 });
  },
);

Deno.test(
  "the same seed draws the same attacks, and all kinds are drawn",
  pure,
  () => {
    const seeds = Array.from({ length: 60 }, (_, index) => index + 1);
    const draw = () => seeds.map((seed) => drawAttack(new Random(seed), nowMs));
    const attacks = draw();
    assertEquals(draw(), attacks);
    const textOf = (kind: string) => {
      const ofKind = attacks.filter((attack) => attack.kind === kind);
      assert(ofKind.length > 0, kind);
      return ofKind.flatMap(({ texts }) => texts).join("");
    };
    const [long, aimed, burst, unread] = attackKinds.map(textOf);
    const lengths = long.split("\n").map((line) => line.length);
    assert(lengths.some((length) => length > 65_536));
    assert(lengths.some((length) => length > 900 && length < 1_100));
    // What the IDs are is bounded, so that the memory does not grow.
    const idsIn = (text: string) =>
      new Set(text.split("\n").map((line) => line.split(" ")[1])).size;
    assert(idsIn(long) <= 400 * 4 + 1);
    assert(idsIn(aimed) > 3_000 && idsIn(aimed) <= 6_001);
    for (const queries of [burst, unread]) {
      assert(queries.includes("\nWHATSAT hostile 50 20\nWHATSAT hostile "));
    }
    assertEquals(
      attacks.filter(({ isRead }) => !isRead).map(({ kind }) => kind),
      attacks.map(({ kind }) => kind).filter((kind) =>
        kind === "unread replies"
      ),
    );
  },
);

Deno.test({
  name: "an interrupted soak prints its seed and the command to repeat it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using program = Program.start([
      "run",
      "--no-check",
      "--allow-all",
      "tests/soak/soak.ts",
      "--minutes=2",
    ]);
    await program.untilPrinted("all files are in");
    program.signal("SIGINT");
    assertEquals(await program.ended(), 1, program.stderr);
    const [, seed] = program.stdout.match(/^soak: 120 s, seed (\d+); /)!;
    const again = `\nagain: deno task soak --seconds 120 --seed ${seed}\n`;
    assert(program.stdout.endsWith(again), program.stdout);
    const [, folder] = program.stderr.match(/; the logs are in (.*)\n$/)!;
    await Deno.remove(folder, { recursive: true });
  },
});
