import { exchange, type ExchangeOptions } from "../../commands/exchange.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";

const timeoutMs = 15_000;
const at = "AT Hill +0.1 kiwi +1+1 0\n";

/** An exchange with a server that the test plays. */
function start(
  input: AsyncIterable<Uint8Array> | readonly ByteString[],
  given: Partial<ExchangeOptions> = {},
) {
  const [own, server] = PipeEnd.pair();
  const clock = new ManualClock();
  let output = "";
  const chunks = Symbol.asyncIterator in input
    ? input
    : ReadableStream.from(input.map((text) => encodeBytes(text)));
  const ending = exchange(own, chunks, {
    address: "127.0.0.1:8000",
    closedHint: "it may use TLS",
    clock,
    timeoutMs,
    print: (bytes) => {
      output += decodeBytes(bytes.slice(), 0, bytes.length);
      return Promise.resolve();
    },
    ...given,
  });
  // A rejection is looked at later.
  ending.catch(() => {});
  const fails = async (message: string) => {
    const error = await assertRejects(() => ending, SetupError);
    assertEquals(error.message, message);
    assertEquals(clock.timers, 0);
    assert(own.isClosed);
  };
  const succeeds = async () => {
    await ending;
    assertEquals(clock.timers, 0);
    assert(own.isClosed);
  };
  return { own, server, clock, fails, succeeds, output: () => output };
}

/** Input that a test writes and ends. */
function openInput() {
  const { readable, writable } = new TransformStream<Uint8Array>();
  const writer = writable.getWriter();
  return {
    chunks: readable,
    write: (text: ByteString) => writer.write(encodeBytes(text)),
    close: () => writer.close(),
  };
}

/** Runs a test without permissions. */
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, permissions: "none", fn });

test("exchange() sends the input, prints the answers, and ends with the stream", async () => {
  const { clock, output, server, succeeds } = start([
    "IAMAT kiwi +1+1 0\nWHA",
    "TSAT kiwi 1 1\nx",
  ]);
  await clock.advance(0);
  assertEquals(server.takeAll(), "IAMAT kiwi +1+1 0\nWHATSAT kiwi 1 1\nx");
  server.sendText(`${at}${at}{}\n`);
  await clock.advance(0);
  server.sendText("\n? x\n");
  server.close();
  await succeeds();
  assertEquals(output(), `${at}${at}{}\n\n? x\n`);
});

test("exchange() fails with a hint if the stream ends without an answer", async () => {
  const { clock, fails, server } = start(["WHATSAT kiwi 1 1\n"]);
  await clock.advance(0);
  server.close();
  await fails(
    "127.0.0.1:8000 closed the connection without an answer; it may use TLS",
  );
});

test("exchange() takes a TLS record for no answer", async () => {
  const { clock, fails, output, server } = start(["WHATSAT kiwi 1 1\n"]);
  await clock.advance(0);
  // An alert, as a server sends it to a client that sends plain text.
  server.sendText("\x15\x03\x01\x00\x02\x02\x46");
  server.close();
  await fails(
    "127.0.0.1:8000 closed the connection without an answer; it may use TLS",
  );
  assertEquals(output(), "");
});

test("exchange() fails with the same hint if TLS ends without close_notify", async () => {
  const { clock, fails, own, server } = start(["WHATSAT kiwi 1 1\n"]);
  Object.defineProperty(own, "wasTruncated", { value: true });
  await clock.advance(0);
  server.close();
  await fails(
    "127.0.0.1:8000 closed the connection without an answer; it may use TLS",
  );
});

test("exchange() fails with the number of lines that were not answered", async () => {
  const cases: [ByteString, ByteString, string][] = [
    ["a\nb\nc\n", "? a\n", "2 lines"],
    ["a\nb", "? a\n", "1 line"],
    // An answer that is cut off is none.
    ["WHATSAT kiwi 1 1\n", `${at}{\n`, "1 line"],
    ["WHATSAT kiwi 1 1\nx\n", `${at}{}\n\n? `, "1 line"],
  ];
  for (const [input, answers, count] of cases) {
    const { clock, fails, output, server } = start([input]);
    await clock.advance(0);
    server.sendText(answers);
    server.close();
    await fails(
      `127.0.0.1:8000 closed the connection before it had answered ${count}`,
    );
    assertEquals(output(), answers);
  }
});

test("exchange() ends with a server that closes while the input is open", async () => {
  const input = openInput();
  const { clock, output, server, succeeds } = start(input.chunks);
  input.write("x\n");
  await clock.advance(3 * timeoutMs);
  server.sendText("? x\n");
  server.close();
  await succeeds();
  assertEquals(output(), "? x\n");
});

test("exchange() without input needs no answer", async () => {
  const { clock, server, succeeds } = start([]);
  await clock.advance(0);
  server.close();
  await succeeds();
});

test("exchange() counts a line that is too long as one", async () => {
  const { clock, server, succeeds } = start([`${"x".repeat(70_000)}\ny\n`]);
  await clock.advance(0);
  server.sendText(`? ${"x".repeat(1024)}\n`);
  server.close();
  await succeeds();
});

test("exchange() gives up a server that is silent after the input", async () => {
  const { clock, fails, server } = start(["a\nb\n"]);
  await clock.advance(timeoutMs - 1);
  server.sendText("? a\n");
  await clock.advance(timeoutMs - 1);
  assertEquals(server.other.isClosed, false);
  await clock.advance(1);
  await fails("no answer from 127.0.0.1:8000 within 15 s");
});

test("exchange() gives up a server that does not read", async () => {
  const input = openInput();
  const { clock, fails, own } = start(input.chunks);
  own.freeze();
  input.write("a\n");
  await clock.advance(timeoutMs);
  await fails("no answer from 127.0.0.1:8000 within 15 s");
});

test("exchange() is content with a server that answers and does not close", async () => {
  const { clock, output, server, succeeds } = start(["a\n"]);
  await clock.advance(0);
  server.sendText("? a\n");
  await clock.advance(timeoutMs);
  await succeeds();
  assertEquals(output(), "? a\n");
});

test("exchange() waits without a limit if the time-out is Infinity", async () => {
  const given = { timeoutMs: Infinity };
  const { clock, server, succeeds } = start(["a\n"], given);
  await clock.advance(1e9);
  server.sendText("? a\n");
  server.close();
  await succeeds();
});

test("exchange() does not count the time in which its output waits", async () => {
  const printed = Promise.withResolvers<void>();
  const given = { print: () => printed.promise };
  const { clock, server, succeeds } = start(["a\n"], given);
  await clock.advance(0);
  server.sendText("? a\n");
  await clock.advance(10 * timeoutMs);
  assertEquals(server.other.isClosed, false);
  printed.resolve();
  server.close();
  await succeeds();
});
