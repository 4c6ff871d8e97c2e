import type { ByteString } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { ask, connect, readAll, readUntil, TestHerd } from "./process.ts";

const iamat =
  "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";
const atPattern =
  /^AT Hill \+\d+\.\d{9} kiwi\.cs\.ucla\.edu \+34\.068930-118\.445127 1520023934\.918963997$/;

/** The answer to a WHATSAT: the AT line and the parsed places. */
function readWhatsat(answer: ByteString) {
  const lineEnd = answer.indexOf("\n");
  assert(answer.endsWith("\n\n"), "two newlines at the end");
  const body = answer.slice(lineEnd + 1, -2);
  assertEquals(body.includes("\n\n"), false);
  return { at: answer.slice(0, lineEnd), json: JSON.parse(body) };
}

Deno.test("a server answers the examples of the specification", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const answer = await ask(
    herd.portOf("Hill"),
    `${iamat}\nWHATSAT kiwi.cs.ucla.edu 10 5\n`,
  );
  const [first] = answer.split("\n");
  assertMatch(first, atPattern);
  const { at, json } = readWhatsat(answer.slice(first.length + 1));
  assertEquals(at, first);
  assertEquals(json.status, "OK");
  assertEquals(json.results.length, 5);
  assertEquals(json.results[0].name, "Bel Air");
});

Deno.test("a server's answers do not depend on how the input is split", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  const input = `${iamat}\nWHATSAT kiwi.cs.ucla.edu 10 1\nno newline`;
  // The clock difference grows from one time to the next.
  const shape = (answer: ByteString) => answer.replaceAll(/\+\d+\.\d{9}/g, "+");
  const atOnce = await ask(port, input);
  using byByte = await connect(port);
  for (const byte of input) {
    await writeAll(byByte, byte);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await byByte.closeWrite();
  assertEquals(shape(await readAll(byByte)), shape(atOnce));
  assert(atOnce.endsWith("\n\n? no newline\n"));
});

Deno.test("a server answers 500 lines of one packet in order", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const lines = Array.from(
    { length: 500 },
    (_, index) =>
      index % 3 === 0
        ? `IAMAT c${index} +1+2 ${index}`
        : index % 3 === 1
        ? `WHATSAT c${index - 1} 5 0`
        : `bogus ${index}`,
  );
  const answer = await ask(herd.portOf("Hill"), lines.join("\n") + "\n");
  const heads = answer.split("\n")
    .filter((line) => /^(AT|\?)/.test(line))
    .map((line) => line.replace(/^AT Hill \S+ /, "AT "));
  assertEquals(
    heads,
    lines.map((line, index) =>
      index % 3 === 2
        ? `? ${line}`
        : `AT c${index - index % 3} +1+2 ${index - index % 3}`
    ),
  );
});

Deno.test("a server repeats invalid lines byte for byte", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const invalid = [
    "",
    " ",
    "\t\r",
    "hello",
    "\xff\xfe\x00\x80",
    "IAMAT",
    "iamat kiwi +34-118 1",
    "IAMAT kiwi +34-118",
    "IAMAT kiwi +34-118 1 extra",
    "IAMAT kiwi 34-118 1",
    "IAMAT kiwi +34-118 1.2.3",
    "IAMAT kiwi +34-118 -1",
    "IAMAT kiwi +91-118 1",
    "IAMAT kiwi +34-181 1",
    "IAMAT kiwi +34-118 1e3",
    "IAMAT\xa0kiwi +34-118 1",
    "WHATSAT nobody 10 5",
    "WHATSAT kiwi 51 5",
    "WHATSAT kiwi 10 21",
    "WHATSAT kiwi 10",
    "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.9",
    "HERD 1 Smith Hill 1",
    "? what",
    "  leading and trailing  \r",
  ];
  const answer = await ask(herd.portOf("Hill"), invalid.join("\n") + "\n");
  assertEquals(answer, invalid.map((line) => `? ${line}\n`).join(""));
});

Deno.test("an ID may have any bytes except white space", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const id = "\xff\x00\x1b\xc3\xa9\xa0\x85\\";
  const answer = await ask(
    herd.portOf("Hill"),
    ` IAMAT\t${id}\v+1.50-2.50\f\r007.10 \r\n`,
  );
  assertMatch(answer, /^AT Hill \+\d+\.\d{9} /);
  assert(answer.endsWith(` ${id} +1.50-2.50 007.10\n`));
});

Deno.test("a server answers a stale report and keeps the newer one", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const answer = await ask(
    herd.portOf("Hill"),
    "IAMAT k +1+1 100.5\nIAMAT k +2+2 100.25\nIAMAT k +3+3 99\n" +
      "WHATSAT k 0 0\nIAMAT k +4+4 100.50000000000000001\nWHATSAT k 0 0\n",
  );
  const positions = answer.split("\n").filter((line) => line.startsWith("AT"))
    .map((line) => line.split(" ")[4]);
  assertEquals(positions, ["+1+1", "+2+2", "+3+3", "+1+1", "+4+4", "+4+4"]);
});

Deno.test("a server refuses a line over 64 KiB and closes", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  const longest = "x".repeat(65_536);
  assertEquals(await ask(port, `${longest}\nnext\n`), `? ${longest}\n? next\n`);
  using connection = await connect(port);
  // Much more than the limit: unread bytes must not lose the refusal.
  const write = writeAll(connection, "first\n" + "y".repeat(1_000_000))
    .catch(() => {});
  assertEquals(await readAll(connection), `? first\n? ${"y".repeat(1024)}\n`);
  await write;
});

Deno.test("a client that sends nothing does not delay others", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  using silent = await connect(herd.portOf("Hill"));
  await writeAll(silent, "IAMAT half");
  assertMatch((await ask(herd.portOf("Hill"), `${iamat}\n`)).trim(), atPattern);
  await writeAll(silent, " +1+1 1\n");
  const answer = await readUntil(silent, (text) => text.endsWith("\n"));
  assertStringIncludes(answer, " half +1+1 1\n");
});

Deno.test("a server logs each line received or sent, with time and connection", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  const answer = await ask(
    herd.portOf("Hill"),
    `${iamat}\nbad \xff\x07\n`,
  );
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  const lines = herd.log("Hill").trimEnd().split("\n");
  for (const line of lines) {
    assertMatch(
      line,
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (server|(client|peer)\/\S+) (<-|->|--) /,
    );
  }
  const traffic = lines.filter((line) => / client\/1 (<-|->) /.test(line))
    .map((line) => line.slice(line.indexOf("client/1 ") + 9));
  assertEquals(traffic, [
    `<- ${iamat}`,
    "<- bad \\xff\\x07",
    `-> ${answer.split("\n")[0]}`,
    "-> ? bad \\xff\\x07",
  ]);
  const events = lines.filter((line) => line.includes(" -- "))
    .map((line) => line.split(" ").slice(1).join(" "));
  assertMatch(events[0], /^server -- info started name="Hill"/);
  assertEquals(events.slice(-2), [
    'server -- info stopping reason="SIGTERM"',
    "server -- info stopped",
  ]);
  assert(
    events.includes('client/1 -- debug closed reason="client closed"'),
    events.join("\n"),
  );
});

Deno.test("a server that is stopped ends its connections after their answers", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  using connection = await connect(herd.portOf("Hill"));
  await writeAll(connection, `${iamat}\n`);
  await readUntil(connection, (text) => text.endsWith("\n"));
  hill.signal("SIGINT");
  assertEquals(await readAll(connection), "");
  assertEquals(await hill.ended(), 0);
  assertStringIncludes(herd.log("Hill"), 'closed reason="stopping"');
});

Deno.test("SIGTERM ends clients, links and log with status 0, even if a client does not read", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  await herd.start("Smith");
  await herd.untilLogged("Hill", "link-up");
  const port = herd.portOf("Hill");
  // One that reads its answers, one that does not, one that sends nothing.
  using reading = await connect(port);
  using notReading = await connect(port);
  using _silent = await connect(port);
  await writeAll(notReading, `${iamat}\n`);
  await readUntil(notReading, (text) => text.endsWith("\n"));
  writeAll(notReading, "WHATSAT kiwi.cs.ucla.edu 50 20\n".repeat(4000)).catch(
    () => {},
  );
  await herd.untilLogged("Hill", "WHATSAT kiwi.cs.ucla.edu 50 20");
  await writeAll(reading, "IAMAT pear +1-1 1\n");
  await readUntil(reading, (text) => text.endsWith("\n"));
  hill.signal("SIGTERM");
  assertEquals(await readAll(reading), "");
  assertEquals(await hill.ended(), 0);
  const log = herd.log("Hill");
  assert(log.endsWith("server -- info stopped\n"), log.slice(-200));
  assertStringIncludes(log, 'stopping reason="SIGTERM"');
  assertStringIncludes(log, 'link-down neighbour="Smith" reason="stopping"');
  // The last report was not lost.
  const answer = await ask(herd.portOf("Smith"), "WHATSAT pear 0 0\n");
  assertMatch(answer, /^AT Hill \S+ pear /);
  await assertRejects(() => connect(port), Deno.errors.ConnectionRefused);
});

Deno.test("a signal that comes twice at once counts once", async () => {
  const exit = new URL("../../cli/exit.ts", import.meta.url).href;
  const program = `
    import { nextSignal } from ${JSON.stringify(exit)};
    const alive = setInterval(() => {}, 1000);
    const first = nextSignal();
    Deno.kill(Deno.pid, "SIGINT");
    await first;
    Deno.kill(Deno.pid, "SIGINT");
    console.log("in an orderly way");
    clearInterval(alive);
  `;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", program],
  });
  const { code, stdout } = await command.output();
  const printed = new TextDecoder().decode(stdout);
  assertEquals([code, printed], [0, "in an orderly way\n"]);
});

Deno.test("a second signal ends a server at once", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  using connection = await connect(herd.portOf("Hill"));
  await writeAll(connection, `${iamat}\n`);
  await readUntil(connection, (text) => text.endsWith("\n"));
  // The server waits until these answers are read.
  const queries = "WHATSAT kiwi.cs.ucla.edu 50 20\n".repeat(4000);
  writeAll(connection, queries).catch(() => {});
  await herd.untilLogged("Hill", "WHATSAT kiwi.cs.ucla.edu 50 20");
  // Until it answers nothing more, as nothing is read.
  for (let before = -1; before !== herd.log("Hill").length;) {
    before = herd.log("Hill").length;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  hill.signal("SIGTERM");
  await herd.untilLogged("Hill", "stopping");
  // One that comes too soon counts as the first.
  const repeated = setInterval(() => hill.signal("SIGTERM"), 100);
  const status = await hill.ended().finally(() => clearInterval(repeated));
  assertEquals(status, 128 + 15);
  assertEquals(herd.log("Hill").includes("info stopped"), false);
});
