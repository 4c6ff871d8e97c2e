import { OutputPool } from "../../../gateways/output_buffer.ts";
import { FrameWriter } from "../../../gateways/websocket/frame_writer.ts";
import { maxFrameBytes } from "../../../gateways/websocket/limits.ts";
import { ReportSocket } from "../../../gateways/websocket/report_socket.ts";
import { ClientRates } from "../../../identity/client_rates.ts";
import { bytesOfText, decodeBytes } from "../../../protocol/bytes.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { assert, assertEquals } from "../../assert.ts";
import { projectFolder } from "../../end_to_end/process.ts";
import {
  exchange,
  type GatewayChoices,
  TestGateway,
} from "../gateway_connection.ts";
import {
  binary,
  close,
  closeCodeOf,
  frame,
  head,
  splitFrames,
} from "./client_frames.ts";

const iamat = "IAMAT kiwi +34.06-118.44 1520023934";
const at = "AT Hill +1.182837383 kiwi +34.06-118.44 1520023934";

/** A WebSocket whose handshake is over. */
function createSocket(
  choices?: GatewayChoices,
  rights: Partial<ConstructorParameters<typeof ReportSocket>[3]> = {},
) {
  const gateway = new TestGateway(choices);
  const outputs = new OutputPool(() => new FrameWriter());
  const connection = gateway.open((opening) =>
    new ReportSocket(opening, gateway.context, outputs, {
      identity: undefined,
      isReportOnly: false,
      ...rights,
    })
  );
  const send = (bytes: string) => exchange(connection, bytes);
  return { ...connection, gateway, send };
}

/** The payloads of text frames, or of others with their opcode. */
const shown = (stream: string) =>
  splitFrames(stream).map(({ opcode, payload }) =>
    opcode === 1 ? payload : `${opcode} ${payload}`
  );

Deno.test("a line in a frame has the answer of the client port in one", async () => {
  const { client, gateway, send } = createSocket();
  assertEquals(shown(await send(frame(iamat))), [`${at}\n`]);
  assertEquals(shown(await send(frame(`${iamat}\n`, binary))), [`2 ${at}\n`]);
  assertEquals(shown(await send(frame("iamat"))), ["? iamat\n"]);
  assertEquals(shown(await send(frame("\n"))), ["? \n"]);
  assertEquals(shown(await send(frame(""))), []);
  assertEquals(await send(frame("WHATSAT kiwi 10 5")), "");
  gateway.backend.queryWithin("10").answer('{"results":[]}');
  await drainMicrotasks();
  assertEquals(shown(client.takeAll()), [`${at}\n{"results":[]}\n\n`]);
});

Deno.test("the example of a frame has its bytes and no others", async () => {
  const { gateway, send } = createSocket();
  await send(frame(iamat));
  await send(frame('{"id":'));
  assertEquals(gateway.context.intake.example?.text, '{"id":');
});

Deno.test("the lines of one frame are answered in frames of its kind, in order", async () => {
  const { client, gateway, send } = createSocket();
  const first = await send(
    frame(`${iamat}\nWHATSAT kiwi 1 1\nhello`, binary) +
      frame('{"id":"pear","lat":1,"lon":2,"time":3}') + frame("last"),
  );
  // The query has no answer yet, so what follows waits.
  assertEquals(shown(first), [`2 ${at}\n`]);
  gateway.backend.queryWithin("1").answer("{}");
  await drainMicrotasks();
  assertEquals(shown(client.takeAll()), [
    `2 ${at}\n{}\n\n`,
    "2 ? hello\n",
    '{"taken":1,"ignored":0}',
    "? last\n",
  ]);
  assertEquals(gateway.reports.at(-1), "pear +1+2 3");
});

Deno.test("JSON is answered as by POST /report", async () => {
  const { gateway, send } = createSocket();
  const list = '[{"id":"a","lat":1,"lon":2,"time":3},{"id":"b"}]';
  assertEquals(shown(await send(frame(list))), [
    '{"taken":1,"ignored":1,"reasons":[{"index":1,"reason":"no-position"}]}',
  ]);
  assertEquals(shown(await send(frame("{", binary))), [
    '2 {"error":"The body is not JSON: expected a text as in RFC 8259."}',
  ]);
  assertEquals(gateway.context.intake.reasons.get("not-json"), 1);
  assertEquals(gateway.context.intake.taken.get("websocket"), 1);
});

Deno.test("answers wait until the replica has confirmed the reports", async () => {
  const { client, gateway, send } = createSocket();
  const flood = Promise.withResolvers<void>();
  gateway.replica.flushed = flood.promise;
  const json = '{"id":"a","lat":1,"lon":2,"time":3}';
  assertEquals(await send(frame(iamat) + frame(json)), "");
  assertEquals(gateway.reports.length, 2);
  flood.resolve();
  await drainMicrotasks();
  assertEquals(splitFrames(client.takeAll()).length, 2);
});

Deno.test("fragments are one message, with frames of control between them", async () => {
  const { send } = createSocket();
  const answer = await send(
    frame("IAMAT kiwi +34.0", { isFinal: false }) +
      frame("ping", { opcode: 9 }) +
      frame("6-118.44 1520", { opcode: 0, isFinal: false }) +
      frame("023934", { opcode: 0 }),
  );
  assertEquals(shown(answer), ["10 ping", `${at}\n`]);
});

const violations: readonly (readonly [string, string, number])[] = [
  ["an unmasked frame", frame("a", { isMasked: false }), 1002],
  ["a reserved bit", frame("a", { reserved: 4 }), 1002],
  ["an unknown opcode", frame("a", { opcode: 3 }), 1002],
  ["a continuation of nothing", frame("a", { opcode: 0 }), 1002],
  [
    "a message within another",
    frame("a", { isFinal: false }) + frame("b"),
    1002,
  ],
  ["a ping in parts", frame("a", { opcode: 9, isFinal: false }), 1002],
  ["a long ping", frame("a".repeat(126), { opcode: 9 }), 1002],
  ["a text that is not UTF-8", frame("\xc3("), 1007],
  ["a surrogate", frame("\xed\xa0\x80"), 1007],
  ["a close code of one byte", frame("\x03", { opcode: 8 }), 1002],
  ["a close code that is not sent", close(1005), 1002],
  ["a long frame", head(maxFrameBytes + 1), 1009],
  ["an endless frame", head(2 ** 40), 1009],
  [
    "a long message",
    frame("a".repeat(40_000), { isFinal: false }) +
    head(40_000, { opcode: 0 }),
    1009,
  ],
  ["a close", close(1000, "bye"), 1000],
];

for (const [name, bytes, code] of violations) {
  Deno.test(`${name} ends the WebSocket with ${code}`, async () => {
    const { client, ended, send } = createSocket();
    // A head that is refused needs no mask after it.
    const answer = await send(bytes + "\0\0\0\0" + frame(iamat));
    assertEquals(closeCodeOf(answer), code);
    client.closeWrite();
    assertEquals(
      await ended,
      code === 1000 ? "client closed" : "protocol error",
    );
  });
}

Deno.test("a frame of the largest size is taken", async () => {
  const { send } = createSocket();
  const answer = shown(await send(frame("x".repeat(maxFrameBytes))));
  assertEquals(answer, [`? ${"x".repeat(maxFrameBytes)}\n`]);
});

Deno.test("a WebSocket does not depend on how its bytes are split", async () => {
  const input = frame(iamat) + frame("a\nb", binary) +
    frame("IAM", { isFinal: false }) + frame("p", { opcode: 9 }) +
    frame("AT", { opcode: 0 }) + frame('{"id":"a","lat":1,"lon":2}') +
    frame("é".repeat(40).replaceAll("é", bytesOfText("é"))) + close(1000);
  const play = async (...chunks: readonly string[]) => {
    const { client, ended, send } = createSocket();
    let output = "";
    for (const chunk of chunks) output += await send(chunk);
    client.closeWrite();
    assertEquals(await ended, "client closed");
    return shown(output);
  };
  const whole = await play(input);
  assertEquals(whole.length, 8);
  for (let at = 1; at < input.length; at++) {
    assertEquals(await play(input.slice(0, at), input.slice(at)), whole);
  }
  assertEquals(await play(...input), whole);
});

Deno.test("the samples of WebSocket messages are answered", async () => {
  const samples = Deno.readTextFileSync(
    `${projectFolder}tests/gateways/payloads/websocket-json/messages.txt`,
  );
  const { send } = createSocket();
  const answers: string[] = [];
  for (const message of samples.trim().split("\n")) {
    answers.push(...shown(await send(frame(bytesOfText(message)))));
  }
  assertEquals(answers.map((text) => text.replace(/^AT \S+ \S+/, "AT")), [
    '{"taken":1,"ignored":0}',
    '{"taken":2,"ignored":0}',
    "AT drone-3 +46.95-007.45 1796040000.5\n",
    "? not json\n",
    '{"taken":1,"ignored":0}',
  ]);
});

Deno.test("a silent client is sent a ping, and closed if it does not answer", async () => {
  const { client, ended, gateway, send } = createSocket();
  await gateway.clock.advance(40_000);
  assertEquals(shown(client.takeAll()), ["9 "]);
  await send(frame("", { opcode: 10 }));
  await gateway.clock.advance(40_000);
  assertEquals(shown(client.takeAll()), ["9 "]);
  await gateway.clock.advance(70_000);
  assertEquals(await ended, "connection lost");
  gateway.close();
});

Deno.test("a stopping server answers what it has, and says that it goes away", async () => {
  const { client, connection, ended, gateway, send } = createSocket();
  await send(frame(`${iamat}\nWHATSAT kiwi 1 1`));
  connection.stop();
  await drainMicrotasks();
  gateway.backend.queryWithin("1").answer("{}");
  await drainMicrotasks();
  const answer = client.takeAll();
  assertEquals(shown(answer)[0], `${at}\n{}\n\n`);
  assertEquals(closeCodeOf(answer), 1001);
  await gateway.clock.advance(1_000);
  assertEquals(await ended, "stopping");
  gateway.close();
});

Deno.test("a client that has ended its side receives its answers, however long they take", async () => {
  const { client, ended, gateway, send } = createSocket();
  await send(frame(`${iamat}\nWHATSAT kiwi 1 1`));
  client.closeWrite();
  await gateway.clock.advance(10_000);
  gateway.backend.queryWithin("1").answer("{}");
  await drainMicrotasks();
  assertEquals(shown(client.takeAll()).at(-1), `${at}\n{}\n\n`);
  assertEquals(await ended, "client closed");
  gateway.close();
});

Deno.test("a stopping server does not wait for a client that has ended its side", async () => {
  const { client, connection, ended, gateway, send } = createSocket();
  await send(frame(`${iamat}\nWHATSAT kiwi 1 1`));
  client.closeWrite();
  await drainMicrotasks();
  connection.stop();
  await gateway.clock.advance(10_000);
  assertEquals(await ended, "stopping");
  gateway.close();
});

Deno.test("a WebSocket that ends while lines and JSON wait for the replica does not end the server", async () => {
  const { connection, ended, gateway, send } = createSocket();
  gateway.replica.flushed = new Promise(() => {});
  const json = '{"id":"kiwi","lat":1,"lon":2,"time":3}';
  assertEquals(await send(frame(iamat) + frame(json)), "");
  connection.abort("idle longest", "");
  // An error that nobody handles would end the server.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(await ended, "idle longest");
  gateway.close();
});

/** An identity that may report for kiwi, and see pear. */
const identity = {
  subject: "mira",
  lastOnly: false,
  reports: ["kiwi"],
  sees: ["pear"],
  role: undefined,
  endsAt: Infinity,
  mayReport: (client: string) => client === "kiwi",
  mayReportSpan: (bytes: Uint8Array, start: number, end: number) =>
    decodeBytes(bytes, start, end) === "kiwi",
  maySee: (client: string) => client === "pear",
  endAt: () => undefined,
};

Deno.test("a client whose token was in the path sees nothing", async () => {
  const choices = { identity, isReportOnly: true };
  const { gateway, send } = createSocket({}, choices);
  gateway.replica.load([]);
  const other = createSocket({ replica: gateway.replica });
  await other.send(frame("IAMAT pear +1+2 3"));
  const query = "WHATSAT pear 1 1";
  assertEquals(shown(await send(frame(query))), [`? ${query}\n`]);
  const all = createSocket({ replica: gateway.replica }, { identity });
  assertEquals(await all.send(frame(query)), "");
  assertEquals(shown(await send(frame(iamat))), [`${at}\n`]);
});

Deno.test("a client that reports more often than its rate waits", async () => {
  const rates = new ClientRates({ report: 2, query: Infinity });
  const { client, gateway, send } = createSocket({ rates });
  const lines = Array.from(
    { length: 5 },
    (_, index) => `IAMAT a +1+2 ${index}`,
  );
  assertEquals(splitFrames(await send(frame(lines.join("\n")))).length, 2);
  await gateway.clock.advance(1_000);
  assertEquals(splitFrames(client.takeAll()).length, 2);
  await gateway.clock.advance(1_000);
  assertEquals(splitFrames(client.takeAll()).length, 1);
  gateway.close();
});

Deno.test("a client may do what its identity permits", async () => {
  const { gateway, send } = createSocket({}, { identity });
  assertEquals(shown(await send(frame(iamat))), [`${at}\n`]);
  const other = "IAMAT pear +1+2 3";
  assertEquals(shown(await send(frame(other))), [`? ${other}\n`]);
  const query = "WHATSAT kiwi 1 1";
  assertEquals(shown(await send(frame(query))), [`? ${query}\n`]);
  const json = '{"id":"pear","lat":1,"lon":2,"time":3}';
  assertEquals(shown(await send(frame(json))), [
    '{"taken":0,"ignored":1,"reasons":[{"index":0,"reason":"not-permitted"}]}',
  ]);
  assertEquals(gateway.context.intake.reasons.get("not-permitted"), 3);
  assertEquals(gateway.reports.length, 1);
});

Deno.test("a client that does not read makes the session wait", async () => {
  const { client, connection, gateway, server, send } = createSocket();
  await send(frame(iamat));
  server.freeze();
  const queries = Array.from({ length: 40 }, () => frame("WHATSAT kiwi 1 1"));
  await send(queries.join(""));
  const answered = new Set();
  for (let round = 0; round < 40; round++) {
    for (const query of gateway.backend.queries) {
      if (answered.has(query)) continue;
      answered.add(query);
      query.answer("x".repeat(100_000));
    }
    await drainMicrotasks();
  }
  assert(answered.size < 40, `${answered.size} queries were started`);
  assert(connection.replyBytes < 6 * 1024 * 1024);
  server.thaw();
  let answers = 0;
  for (let round = 0; round < 100; round++) {
    for (const query of gateway.backend.queries) query.answer("x");
    await drainMicrotasks();
    answers += splitFrames(client.takeAll()).length;
  }
  assertEquals(answers, 40);
});
