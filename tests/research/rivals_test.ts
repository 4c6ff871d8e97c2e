import { freeBasePort, Process } from "../../bench/processes.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { python } from "../../research/programs.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { connect, readAll, readUntil, until } from "../end_to_end/process.ts";
import { needs } from "../needs.ts";

const rivalsFolder =
  new URL("../../research/rivals/", import.meta.url).pathname;

/** A rival, and the command that starts it. */
interface Rival {
  readonly name: string;
  readonly needs: string;
  readonly command: readonly string[];
}

const rivals: readonly Rival[] = [
  { name: "node:net", needs: "node", command: ["node", "node_net.mjs"] },
  {
    name: "asyncio",
    needs: "python3",
    command: ["python3", "asyncio_herd.py"],
  },
  {
    name: "uvloop",
    needs: "uvloop",
    command: [python, "asyncio_herd.py", "--uvloop"],
  },
  { name: "Java", needs: "java", command: ["java", "HerdServer.java"] },
];

const lineCount = (text: ByteString) => text.split("\n").length - 1;

/** A connection that records the lines in both directions. */
class Conversation implements Disposable {
  readonly sent: ByteString[] = [];
  readonly received: ByteString[] = [];
  readonly #connection: Deno.TcpConn;
  #unfinished: ByteString = "";

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  async send(text: ByteString): Promise<void> {
    const lines = (this.#unfinished + text).split("\n");
    this.#unfinished = lines.pop()!;
    this.sent.push(...lines);
    await writeAll(this.#connection, text);
  }

  /** Waits for this number of lines. */
  async receive(count: number): Promise<ByteString[]> {
    const text = await readUntil(
      this.#connection,
      (text) => lineCount(text) >= count && text.endsWith("\n"),
    );
    const lines = text.slice(0, -1).split("\n");
    this.received.push(...lines);
    return lines;
  }

  /** Sends text, and waits for an answer to each line that ends in it. */
  async ask(text: ByteString): Promise<ByteString[]> {
    await this.send(text);
    return await this.receive(lineCount(text));
  }

  /** Ends this side. */
  end(): Promise<void> {
    return this.#connection.closeWrite();
  }

  /** Waits for all lines up to the end of the stream. */
  async receiveAll(): Promise<ByteString[]> {
    const text = await readAll(this.#connection);
    this.received.push(...text.split("\n").slice(0, -1));
    return this.received;
  }

  /** Waits until a line is the last one. */
  async receiveUpTo(line: ByteString): Promise<void> {
    while (this.received.at(-1) !== line) await this.receive(1);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** The servers A and B of one rival, and the connections to A. B dials A. */
class Pair implements AsyncDisposable {
  readonly clients: Conversation[] = [];
  readonly peers: Conversation[] = [];
  readonly #folder = Deno.makeTempDirSync({ prefix: "rival-" });
  readonly #basePort = freeBasePort();
  readonly #command: readonly string[];
  readonly #servers: Process[] = [];

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  async start(): Promise<void> {
    const peerPort = this.#basePort + 100;
    await this.#start("B", 1, [peerPort]);
    // B dials until A listens.
    await this.#start("A", 0, []);
  }

  async #start(name: string, offset: number, neighbours: number[]) {
    const [program, ...args] = this.#command;
    const server = new Process({
      program,
      args: [
        ...args,
        name,
        String(this.#basePort + offset),
        String(this.#basePort + 100 + offset),
        this.#pathOf(name),
        ...neighbours.map(String),
      ],
      cores: [],
      cwd: rivalsFolder,
    });
    this.#servers.push(server);
    await server.untilPrinted(/^ready$/m);
  }

  /** A client of A. */
  async client(): Promise<Conversation> {
    const conversation = new Conversation(await connect(this.#basePort));
    this.clients.push(conversation);
    return conversation;
  }

  /** A peer of A. It is linked when A has read its line. */
  async peer(greeting: ByteString): Promise<Conversation> {
    const conversation = new Conversation(await connect(this.#basePort + 100));
    this.peers.push(conversation);
    await conversation.send(`${greeting}\n`);
    await until(() => this.log("A").includes(`<- ${greeting}\n`));
    return conversation;
  }

  /** Waits until B has read a report from A. */
  async untilLinked(): Promise<void> {
    const client = await this.client();
    let second = 0;
    await until(async () => {
      await client.ask(`IAMAT link +0+0 ${second++}\n`);
      return this.log("B").includes(" link ");
    });
  }

  log(name: string): string {
    return Deno.readTextFileSync(this.#pathOf(name));
  }

  logBytes(name: string): number {
    return Deno.statSync(this.#pathOf(name)).size;
  }

  #pathOf(name: string): string {
    return `${this.#folder}/${name}.log`;
  }

  /** Ends both with SIGTERM; returns A's log. */
  async stop(): Promise<string> {
    // A first, so that its log shows what it writes at its end.
    for (const server of this.#servers.splice(0).reverse()) {
      await server[Symbol.asyncDispose]();
    }
    return this.log("A");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const conversation of [...this.clients, ...this.peers]) {
      conversation[Symbol.dispose]();
    }
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Checks an answer of A to an IAMAT with these operands. */
function assertAnswer(answer: ByteString, operands: ByteString): void {
  const [, difference] = answer.match(/^AT A ([^ ]+) /) ?? [];
  assertMatch(difference ?? answer, /^[+-]\d+\.\d{9}$/);
  assertEquals(answer, `AT A ${difference} ${operands}`);
}

async function answersPiecesAndPackets(pair: Pair): Promise<void> {
  const client = await pair.client();
  // The answer to the first line shows that A has read the first part of the
  // second line, which is really in two pieces then.
  const parts = [
    "IAMAT kiwi +34.068930-118.445127 1520023934.918963997\nIAM",
    "AT  pear\t+90.00-180.0 \v\f0\r\nIAMAT \xff\xa0\\\x01 -0",
    "00000.5+0179.999 7.25\n",
  ];
  const operands = [
    "kiwi +34.068930-118.445127 1520023934.918963997",
    "pear +90.00-180.0 0",
    "\xff\xa0\\\x01 -000000.5+0179.999 7.25",
  ];
  for (const [index, part] of parts.entries()) {
    const answers = await client.ask(part);
    assertEquals(answers.length, 1);
    assertAnswer(answers[0], operands[index]);
  }
  const many = Array.from({ length: 2000 }, (_, at) => `c${at} +1-1 ${at}.5`);
  const text = many.map((operands) => `IAMAT ${operands}\n`).join("");
  const answers = await client.ask(text);
  assertEquals(answers.length, many.length);
  answers.forEach((answer, at) => assertAnswer(answer, many[at]));
}

/** A decimal number of seconds, truncated after nine decimals. */
function nanosecondsOf(decimal: string): bigint {
  const [whole, fraction = ""] = decimal.replace("-", "").split(".");
  const sum = BigInt(whole + fraction.slice(0, 9).padEnd(9, "0"));
  return decimal.startsWith("-") ? -sum : sum;
}

/** A time as the log writes it. */
function formatMicroseconds(nanoseconds: bigint): string {
  const toMs = new Date(Number(nanoseconds / 1_000_000n)).toISOString();
  const microseconds = nanoseconds / 1000n % 1000n;
  return toMs.replace("Z", `${String(microseconds).padStart(3, "0")}Z`);
}

async function answersTheDifference(pair: Pair): Promise<void> {
  const client = await pair.client();
  const times = ["0", "999999999999999.999999999", "1.0000000009", "0", "0.5"];
  const earliest = BigInt(Date.now() - 1000) * 1_000_000n;
  const answers = await client.ask(
    times.map((time) => `IAMAT clock +0+0 ${time}\n`).join(""),
  );
  const latest = BigInt(Date.now() + 1000) * 1_000_000n;
  const stamped = /^(\S+) client\/\d+ <- IAMAT clock /gm;
  await until(() => pair.log("A").match(stamped)?.length === times.length);
  const stamps = [...pair.log("A").matchAll(stamped)].map(([, stamp]) => stamp);
  for (const [index, answer] of answers.entries()) {
    // The sum is the server's clock in nanoseconds, which a double cannot hold.
    const difference = answer.split(" ")[2];
    const clock = nanosecondsOf(difference) + nanosecondsOf(times[index]);
    assert(earliest <= clock && clock <= latest, answers.join("\n"));
    assertEquals(stamps[index], formatMicroseconds(clock), answers.join("\n"));
  }
}

async function refusesAllElse(pair: Pair): Promise<void> {
  const client = await pair.client();
  const lines = [
    "",
    " ",
    "WHATSAT kiwi 10 5",
    "iamat kiwi +1+1 1",
    "IAMAT kiwi +1+1",
    "IAMAT kiwi +1+1 1 1",
    "IAMAT\xa0kiwi +1+1 1",
    "IAMAT kiwi\xa0+1+1 1",
    "AT A +0.000000000 kiwi +1+1 1",
    "C:\\x41",
    "xIAMAT kiwi +1+1 1",
    ...["1+1", "+1 1", "+1", "+90.01+1", "-91+1", "+1+180.0001", "+1-1000"],
    ...["+1.+1", "+.5+1", "+1+1x", "x+1+1", "++1+1", "+1+1+1", "+1,5+1"],
    ...["+100+1", "+1+190", "+1+1/"],
  ].map((text) => /^[x+\d-]/.test(text) ? `IAMAT kiwi ${text} 1` : text);
  const times = ["1.", ".5", "-1", "+1", "1e9", "1.5.5", "0x1", "1".repeat(16)];
  lines.push(...times.map((time) => `IAMAT kiwi +1+1 ${time}`));
  const answers = await client.ask(`${lines.join("\n")}\n`);
  assertEquals(answers, lines.map((line) => `? ${line}`));
}

async function floodsNewsOnly(pair: Pair): Promise<void> {
  const client = await pair.client();
  const peer = await pair.peer("AT Fake +0.000000000 first +1+1 1");
  const steps: [time: string, isNews: boolean][] = [
    ["100.5", true],
    ["100.4999999999999999999", false],
    ["100.5", false],
    ["100.50", false],
    ["0100.500", false],
    ["99.9", false],
    ["100.50000000000000000001", true],
    ["100.5000000000000000000", false],
    ["100.51", true],
    ["101", true],
    ["100.9", false],
    ["999", true],
    ["1000", true],
    ["999", false],
  ];
  const lines = steps.map(([time]) => `IAMAT plum\xe9 +1+1 ${time}\n`);
  const answers = await client.ask(lines.join(""));
  const news = answers.filter((_, at) => steps[at][1]);
  assertEquals(await peer.receive(news.length), news);
  for (const operands of ["grape +2+2 5", "plum\xe9 +1+1 1000.1"]) {
    const [answer] = await client.ask(`IAMAT ${operands}\n`);
    assertAnswer(answer, operands);
    assertEquals(await peer.receive(1), [answer]);
  }
}

async function passesOnReports(pair: Pair): Promise<void> {
  const client = await pair.client();
  const one = await pair.peer("AT Fake +0.000000000 second +1+1 1");
  const other = await pair.peer("AT Fake +0.000000000 third +1+1 1");
  assertEquals(await one.receive(1), other.sent);
  const line = (time: string) => `AT Fake -5.000000000 fig\xff +1+1 ${time}`;
  await one.send(
    `${line("9")}\n${line("8")}\nnonsense\n${line("x")}\n${line("10")}\n`,
  );
  assertEquals(await other.receive(2), [line("9"), line("10")]);
  await until(() => pair.log("B").includes("fig\\xff +1+1 10\n"));
  // The first one is older than the neighbour's. The second one is newer, and is
  // the next line that both neighbours receive.
  const answers = await client.ask(
    "IAMAT fig\xff +1+1 9.5\nIAMAT fig\xff +1+1 10.5\n",
  );
  assertEquals(await one.receive(1), answers.slice(1));
  assertEquals(await other.receive(1), answers.slice(1));
}

async function answersBeforeItCloses(pair: Pair): Promise<void> {
  const client = await pair.client();
  // More than the system buffers for a client that does not read.
  const question = "why ".repeat(300);
  const lines = Array.from({ length: 8000 }, (_, at) => question + at);
  const sending = client.send(`${lines.join("\n")}\n`)
    .then(() => client.end());
  // When its log stops growing, the server has stopped reading. A slow server
  // makes this step weaker, but it does not fail.
  let [logBytes, stillCount] = [0, 0];
  await until(() => {
    stillCount = pair.logBytes("A") === logBytes ? stillCount + 1 : 0;
    logBytes = pair.logBytes("A");
    return stillCount === 15;
  });
  const [answers] = await Promise.all([client.receiveAll(), sending]);
  assertEquals(answers.length, lines.length);
  assert(answers.every((answer, at) => answer === `? ${lines[at]}`));
}

/** A text as the log writes it. */
function escaped(text: ByteString): string {
  return text.replace(
    /[^ -~]|\\/g,
    (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function assertLogged(
  log: string,
  conversations: readonly Conversation[],
  kind: string,
) {
  const byConnection = new Map<string, { in: string[]; out: string[] }>();
  for (const record of log.split("\n").slice(0, -1)) {
    const match = record.match(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ((?:client|peer)\/\d+) (<-|->) ([ -~]*)$/,
    );
    assert(match !== null, record);
    const [, connection, mark, text] = match;
    if (!connection.startsWith(kind)) continue;
    const lines = byConnection.get(connection) ?? { in: [], out: [] };
    byConnection.set(connection, lines);
    (mark === "<-" ? lines.in : lines.out).push(text);
  }
  const logged = [...byConnection.values()].map((lines) =>
    JSON.stringify(lines)
  );
  for (const conversation of conversations) {
    const expected = {
      in: conversation.sent.map(escaped),
      out: conversation.received.map(escaped),
    };
    assert(
      logged.includes(JSON.stringify(expected)),
      `not in the log: ${JSON.stringify(expected).slice(0, 2000)}`,
    );
  }
}

async function logsEverything(pair: Pair): Promise<void> {
  const [client] = pair.clients;
  const [answer] = await client.ask("IAMAT last +1+1 1\nthe end\n");
  for (const peer of pair.peers) await peer.receiveUpTo(answer);
  const log = await pair.stop();
  assertLogged(log, pair.clients, "client/");
  assertLogged(log, pair.peers, "peer/");
}

for (const rival of rivals) {
  const withRival = needs(rival.needs);
  withRival.test(`the ${rival.name} rival does what its README says`, async (test) => {
    await using pair = new Pair(rival.command);
    await pair.start();
    await test.step("it links with a neighbour that starts later", () => {
      return pair.untilLinked();
    });
    await test.step("lines in pieces and in one packet are answered in order", () => {
      return answersPiecesAndPackets(pair);
    });
    await test.step("differences are exact, above and below zero", () => {
      return answersTheDifference(pair);
    });
    await test.step("any other line is answered with a question mark", () => {
      return refusesAllElse(pair);
    });
    await test.step("a newer report is flooded, an older or equal one is not", () => {
      return floodsNewsOnly(pair);
    });
    await test.step("a report of one peer is sent to the others, once", () => {
      return passesOnReports(pair);
    });
    await test.step("a client that reads late and ends its side early gets every answer", () => {
      return answersBeforeItCloses(pair);
    });
    await test.step("the log has every line both ways, once, up to SIGTERM", () => {
      return logsEverything(pair);
    });
  });
}
