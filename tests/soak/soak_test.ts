/**
 * What checks a soak has to be able to say no. The soak itself is run by
 * `deno task soak`.
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
import { AnswerChecker, type AnswerFault, type Asked } from "./answers.ts";
import { Ledger } from "./ledger.ts";
import { LogChecker, LogReader } from "./logs.ts";
import { judgeMemory, type Sample, shortestJudgedMs } from "./machine.ts";
import { compareTables } from "./tables.ts";
import { drawClients, drawTime, positionAt } from "./words.ts";

const nowMs = 1_520_024_734_000;
const time = "1520024733.500000000";
const position = positionAt(time);

/** What a server says about a client that spoke half a second ago. */
const atLine = (client: string, server = "Hill") =>
  `AT ${server} +0.500000000 ${client} ${position} ${time}`;

const report = (client: ByteString): Asked => ({
  kind: "report",
  server: "Hill",
  client,
  position,
  time,
  askedAtMs: nowMs - 100,
});

const echo = (line: ByteString): Asked => ({
  kind: "echo",
  line,
  askedAtMs: nowMs,
});

const places = (line: ByteString) => `{\n"about" : "${line.length}"\n}`;

const question = (client: ByteString, atLeast?: ByteString): Asked => ({
  kind: "question",
  line: `WHATSAT ${client} 1 1`,
  client,
  atLeast,
  places,
  askedAtMs: nowMs,
});

/** The answer of a server that does as it should. */
function answerTo(asked: Asked): ByteString {
  if (asked.kind === "echo") return `? ${asked.line}\n`;
  const line = atLine(asked.client);
  if (asked.kind === "report") return `${line}\n`;
  return `${line}\n${places(line)}\n\n`;
}

const talk: readonly Asked[] = [
  report("kiwi"),
  echo(""),
  question("kiwi"),
  echo("AT Hill"),
  report("pear\xff"),
  question("pear\xff"),
];

const rightAnswers = talk.map(answerTo);

/** What is found wrong with these answers to `talk`. */
function faultsOf(
  answers: readonly ByteString[],
  options: {
    talk?: readonly Asked[];
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
  for (const asked of options.talk ?? talk) checker.expect(asked);
  const text = answers.join("");
  const pieceBytes = options.pieceBytes ?? text.length + 1;
  for (let at = 0; at < text.length; at += pieceBytes) {
    checker.push(text.slice(at, at + pieceBytes));
  }
  checker.end(options.isExcused ?? false);
  return faults.map(({ kind }) => kind);
}

const pure = { permissions: "none" } as const;

Deno.test("AnswerChecker takes right answers, however they come", pure, () => {
  for (let pieceBytes = 1; pieceBytes < 200; pieceBytes++) {
    assertEquals(faultsOf(rightAnswers, { pieceBytes }), []);
  }
  const unknown = question("nobody");
  const refusal = ["? WHATSAT nobody 1 1\n"];
  assertEquals(faultsOf(refusal, { talk: [unknown] }), []);
});

Deno.test("AnswerChecker misses an answer that is lost", pure, () => {
  for (let lost = 0; lost < talk.length; lost++) {
    const answers = rightAnswers.toSpliced(lost, 1);
    assertEquals(faultsOf(answers), ["lost"], `${lost}`);
  }
});

Deno.test(
  "AnswerChecker excuses what a fault has cut off, and no more",
  pure,
  () => {
    for (let count = 0; count < talk.length; count++) {
      const answers = rightAnswers.slice(0, count);
      assertEquals(faultsOf(answers, { isExcused: true }), []);
      assertEquals(faultsOf(answers).length, talk.length - count);
      const half = rightAnswers[count].slice(0, -1);
      assertEquals(faultsOf([...answers, half], { isExcused: true }), []);
    }
    // Others behind it were answered: no fault of the network does that.
    const answers = rightAnswers.toSpliced(1, 1);
    assertEquals(faultsOf(answers, { isExcused: true }), ["lost"]);
  },
);

Deno.test("AnswerChecker sees answers that have changed places", pure, () => {
  for (let first = 0; first < talk.length; first++) {
    for (let second = first + 1; second < talk.length; second++) {
      const answers = [...rightAnswers];
      [answers[first], answers[second]] = [answers[second], answers[first]];
      const faults = faultsOf(answers);
      assert(faults.includes("reordered"), `${first} ${second} ${faults}`);
    }
  }
});

Deno.test("AnswerChecker sees answers that are wrong", pure, () => {
  const known = atLine("kiwi");
  const unknown = atLine("kiwi", "Nobody");
  const wrong: [Asked, ByteString][] = [
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
    [question("kiwi"), `${known}\n{\n}\n\n`],
    [question("kiwi"), `${atLine("pear")}\n${places(known)}\n\n`],
    [question("kiwi"), `${unknown}\n${places(unknown)}\n\n`],
    [question("kiwi"), `${known}\n`],
    [question("kiwi", known), "? WHATSAT kiwi 1 1\n"],
  ];
  for (const [asked, answer] of wrong) {
    // Followed by a right one, so that its end is seen.
    const faults = faultsOf([answer, "? z\n"], { talk: [asked, echo("z")] });
    assert(faults.includes("wrong"), `${JSON.stringify(answer)}: ${faults}`);
  }
  // Older than what the server was known to have.
  const newer = known.replace(time, "1520024733.6");
  const stale = { talk: [question("kiwi", newer)] };
  assertEquals(faultsOf([rightAnswers[2]], stale), ["wrong"]);
  assertEquals(faultsOf([...rightAnswers, "? more\n"]), ["wrong"]);
});

Deno.test(
  "Ledger demands what a living server or the anchor answers for",
  pure,
  () => {
    const line = (server: string, seconds: number) =>
      `AT ${server} +0.000000000 kiwi +1+1 ${seconds}`;
    const ledger = new Ledger();
    ledger.answered(line("Hill", 5));
    ledger.answered(line("Smith", 7));
    ledger.answered(line("Smith", 6));
    assertEquals([...ledger.demanded().values()], [line("Smith", 7)]);
    assertEquals(ledger.heldBy("Smith"), [line("Smith", 7)]);
    ledger.died("Smith");
    assertEquals([...ledger.demanded().values()], [line("Hill", 5)]);
    ledger.kept(line("Smith", 6));
    assertEquals(ledger.heldBy("Hill"), []);
    ledger.died("Hill");
    assertEquals([...ledger.demanded().values()], [line("Smith", 6)]);
  },
);

Deno.test(
  "compareTables() tells where servers differ, or know too little",
  pure,
  () => {
    const old = atLine("kiwi").replace(time, "1520024733.4");
    const table = (line?: string) =>
      new Map(line === undefined ? [] : [["kiwi", line]]);
    const problems = (hill?: string, smith?: string, demanded?: string) =>
      compareTables(
        ["kiwi"],
        new Map([["Hill", table(hill)], ["Smith", table(smith)]]),
        table(demanded),
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
    // Of equal times, the greater line is the newer one.
    assertEquals(problems(atLine("kiwi", "Hill"), line, line), 0);
    const smith = atLine("kiwi", "Smith");
    assertEquals(problems(line, line, smith), 1);
    assertEquals(problems(smith, smith, line), 0);
  },
);

/** Samples once a second, of so many bytes. */
function memory(seconds: number, bytesAt: (second: number) => number) {
  return Array.from({ length: seconds }, (_, second): Sample => ({
    atMs: second * 1000,
    memoryBytes: bytesAt(second),
    descriptors: 9,
  }));
}

Deno.test(
  "judgeMemory() tells memory that grows from memory that is found",
  pure,
  () => {
    const state = (seconds: number, bytesAt: (second: number) => number) =>
      judgeMemory(memory(seconds, bytesAt)).state;
    const megabyte = 1e6;
    assertEquals(state(300, () => 150 * megabyte), "flat");
    // The runtime takes what it needs at first, and there are waves.
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

/** What a checker finds in the text of a file. */
function lookInto(text: string) {
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
  "LogChecker finds what is no record, but for what a kill leaves",
  pure,
  () => {
    const started = record("started");
    const good = { faults: 0, cutLines: 0 };
    const check = (text: string, expected: object) => {
      const { cutLines, faults, records } = lookInto(text);
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
    assertEquals(lookInto(started + record("crashed", "error")).events, [
      "started",
      "crashed",
    ]);
  },
);

Deno.test("LogReader reads files that are finished, and puts them away", async () => {
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
  // Not finished, though a client says so.
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
  "the words of a soak are different, and the same for a seed",
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

Deno.test({
  name: "a soak that is ended says its seed, and what runs it again",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using program = Program.start([
      "run",
      "--no-check",
      "--allow-all",
      "tests/soak/soak.ts",
      "--minutes=2",
    ]);
    await program.untilPrinted("everything is in");
    program.signal("SIGINT");
    assertEquals(await program.ended(), 1, program.stderr);
    const [, seed] = program.stdout.match(/^soak: 120 s, seed (\d+); /)!;
    const again = `\nagain: deno task soak --seconds 120 --seed ${seed}\n`;
    assert(program.stdout.endsWith(again), program.stdout);
    const [, folder] = program.stderr.match(/; the logs are in (.*)\n$/)!;
    await Deno.remove(folder, { recursive: true });
  },
});
