import fc from "../fast_check.ts";
import type { LogFailure } from "../../log/appender.ts";
import { LogWriter } from "../../log/log_writer.ts";
import { maxEventFieldLength } from "../../log/limits.ts";
import { type LogRecord, parseRecord } from "../../log/parse.ts";
import { formatEvent, TimestampWriter } from "../../log/record.ts";
import {
  bytesOfText,
  type ByteString,
  encodeBytes,
} from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { EventFields, EventLevel } from "../../runtime/events.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { MemoryLog } from "../fakes/memory_log.ts";
import { anyBytes, anyTimestamp } from "../protocol/arbitraries.ts";

/** What a log writer is given for one record. */
type Input = LogRecord extends infer Record
  ? Record extends LogRecord ? Omit<Record, "time"> : never
  : never;

/** The lines that a log writer writes for these records. */
async function write(inputs: readonly Input[]): Promise<ByteString[]> {
  const log = new MemoryLog();
  const clock = new ManualClock();
  let now = clock.now();
  clock.now = () => now;
  const onFailure = (failure: LogFailure) => {
    throw new Error(failure.state);
  };
  const writer = new LogWriter({ clock, onFailure }, log);
  const traffics = new Map(
    inputs.map((
      { connection },
    ) => [connection, writer.trafficLogFor(connection)]),
  );
  for (const record of inputs) {
    now = record.timestamp;
    if (record.kind === "event") {
      const { connection, event, fields, level } = record;
      writer.event(connection, level, event, fields);
      continue;
    }
    const traffic = traffics.get(record.connection)!;
    traffic.stampTime(now);
    // In the middle of a buffer, as a line of a chunk is.
    const bytes = encodeBytes(`x\n${record.bytes}\nx`);
    if (record.kind === "received") {
      traffic.received(bytes, 2, bytes.length - 2);
    } else traffic.sent(bytes, 2, bytes.length - 2);
  }
  await writer.close();
  const lines = bytesOfText(log.text).split("\n");
  assertEquals(lines.pop(), "");
  return lines;
}

/** The record that is expected after parsing. */
function expected(input: Input): LogRecord {
  const { nanoseconds, seconds } = input.timestamp;
  const timestamp = {
    seconds,
    nanoseconds: nanoseconds - nanoseconds % 1000,
  };
  return {
    ...input,
    time: new TimestampWriter().format(timestamp),
    timestamp,
  };
}

const anyConnection = fc.oneof(
  fc.integer({ min: 1, max: 3 }).map((count) => `client/${count}`),
  fc.integer({ min: 1, max: 3 }).map((count) => `peer/${count}`),
  fc.constant("peer/12/Smith-2.example_9"),
);

/** Times of which many are equal. */
const anyTime: fc.Arbitrary<Timestamp> = fc.oneof(
  fc.constant({ seconds: 1_520_024_734, nanoseconds: 123_456_789 }),
  anyTimestamp,
);

/** Bytes that would look like part of the log if they were not escaped. */
const misleadingBytes: fc.Arbitrary<ByteString> = fc.array(
  fc.constantFrom(
    "\n",
    "\r",
    "\\",
    "\\n",
    "x0a",
    "\u2028",
    "\x85",
    "é",
    "2018-03-02T21:05:34.000000Z client/1 <- IAMAT forged +1+1 1",
    ' -- info link-up neighbour="Hill"',
  ).map((part) => part === "\x85" ? part : bytesOfText(part)),
  { size: "max", maxLength: 20 },
).map((parts) => parts.join(""));

const anyTraffic: fc.Arbitrary<Input> = fc.record({
  kind: fc.constantFrom("received" as const, "sent" as const),
  timestamp: anyTime,
  connection: anyConnection,
  bytes: fc.oneof(
    anyBytes,
    misleadingBytes,
    fc.string({ unit: "binary", size: "max", maxLength: 300 }).map(bytesOfText),
  ),
});

const anyText = fc.string({ unit: "binary", size: "max", maxLength: 200 });

const anyWord = fc.stringMatching(/^[a-zA-Z]{1,8}(-[a-zA-Z]{1,8}){0,2}$/);

const anyFields: fc.Arbitrary<EventFields> = fc.dictionary(
  anyWord,
  fc.oneof(
    anyText,
    // A lone surrogate is text too.
    fc.string({ unit: fc.constantFrom("\ud83e", "\udd5d", '"', "\\", " ") }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    fc.boolean(),
    fc.array(anyText),
  ),
  { noNullPrototype: true },
);

const levels: readonly EventLevel[] = ["debug", "info", "warning", "error"];

const anyEvent: fc.Arbitrary<Input> = fc.record({
  kind: fc.constant("event" as const),
  timestamp: anyTime,
  connection: fc.oneof(fc.constant("server"), anyConnection),
  level: fc.constantFrom(...levels),
  event: anyWord,
  fields: anyFields,
});

const anyInputs = fc.array(fc.oneof(anyTraffic, anyEvent), {
  size: "max",
  maxLength: 40,
});

Deno.test({
  name: "parseRecord() returns exactly what a log writer was given",
  permissions: "none",
  async fn() {
    await assertProperty(
      fc.asyncProperty(anyInputs, async (inputs) => {
        const lines = await write(inputs);
        assertEquals(lines.map(parseRecord), inputs.map(expected));
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "parseRecord() returns the time shared by the lines of a chunk",
  permissions: "none",
  async fn() {
    const log = new MemoryLog();
    const clock = new ManualClock();
    const writer = new LogWriter({ clock, onFailure() {} }, log);
    const traffic = writer.trafficLogFor("client/1");
    traffic.stampTime({ seconds: 1_520_024_733, nanoseconds: 999_999_999 });
    traffic.received(encodeBytes("one"), 0, 3);
    await clock.advance(5);
    traffic.received(encodeBytes("two"), 0, 3);
    writer.trafficLogFor("peer/7/Hill").sent(encodeBytes("PING"), 0, 4);
    await writer.close();
    const records = log.text.trimEnd().split("\n").map(parseRecord);
    assertEquals(
      records.map((record) => [record?.connection, record?.timestamp]),
      [
        ["client/1", { seconds: 1_520_024_733, nanoseconds: 999_999_000 }],
        ["client/1", { seconds: 1_520_024_733, nanoseconds: 999_999_000 }],
        ["peer/7/Hill", { seconds: 1_520_024_734, nanoseconds: 5_000_000 }],
      ],
    );
  },
});

Deno.test({
  name: "parseRecord() returns long texts of events as they were truncated",
  permissions: "none",
  async fn() {
    const opening = {
      timestamp: new ManualClock().now(),
      connection: "server",
      kind: "event",
      level: "error",
      event: "crashed",
    } as const;
    for (const beyond of [0, 1, 2, 3, 4, 1_000]) {
      const reason = "🥝".repeat(maxEventFieldLength / 2) + "y".repeat(beyond);
      const [line] = await write([{ ...opening, fields: { reason } }]);
      const cut = beyond === 0
        ? reason
        : reason.slice(0, maxEventFieldLength) + "...";
      assertEquals(
        parseRecord(line),
        expected({ ...opening, fields: { reason: cut } }),
      );
    }
  },
});

Deno.test({
  name: "parseRecord() accepts only lines that a log writer can have written",
  permissions: "none",
  async fn() {
    /** Inserts, replaces or removes some text at some place. */
    const anyEdit = fc.record({
      place: fc.nat(),
      removed: fc.nat({ max: 2 }),
      added: fc.oneof(
        fc.constantFrom("", " ", "\\", "\\x4", "\\x0A", '"', "0", "\n", "-"),
        fc.constantFrom(" a=1", ",", "\xe9", "\\u0041", "Z", "null", "]"),
      ),
    });
    let accepted = 0;
    await assertProperty(
      fc.asyncProperty(
        fc.oneof(anyTraffic, anyEvent),
        anyEdit,
        async (input, { added, place, removed }) => {
          const [line] = await write([input]);
          const at = place % (line.length + 1);
          const edited = line.slice(0, at) + added + line.slice(at + removed);
          const record = parseRecord(edited);
          if (record === undefined) return;
          accepted += 1;
          assertEquals(await write([record]), [edited]);
        },
      ),
      { numRuns: 3_000 },
    );
    assert(accepted > 100, `${accepted}`);
  },
});

const time = "2018-03-02T21:05:34.000000Z";

Deno.test({
  name: "parseRecord() rejects lines that are almost records",
  permissions: "none",
  fn() {
    const good = [
      `${time} client/1 <- `,
      `${time} client/1 <- \\x01\\t\\n\\r\\\\\\xff`,
      `${time} peer/1 -> PING`,
      `${time} peer/1/Hill -- info x`,
      `${time} server -- info x a="b c" d=["e f","g"] h=-1.5e-7 i=[] j=true`,
      formatEvent(time, "server", "error", "x", { y: "\u202e\n" }).trimEnd(),
    ];
    for (const line of good) assert(parseRecord(line) !== undefined, line);
    const bad = [
      "",
      time,
      `${time} client/1 <-`,
      `${time} client/1 <- \\q`,
      `${time} client/1 <- \\x4`,
      `${time} client/1 <- \\`,
      `${time} client/1 <- \\xFF`,
      // Bytes with another escaped form.
      `${time} client/1 <- \\x41`,
      `${time} client/1 <- \\x0a`,
      `${time} client/1 <- \\xc3\\xa9`,
      // Unescaped control characters, invisible characters and bytes that are
      // not UTF-8.
      `${time} client/1 <- \t`,
      `${time} client/1 <- \r`,
      `${time} client/1 <- a\n${time} client/1 <- b`,
      `${time} client/1 <- \x7f`,
      `${time} client/1 <- \xff`,
      `${time} client/1 <- \xc2\x85`,
      `${time} client/1 <- \xe2\x80\xae`,
      `${time} client/1 <= x`,
      `${time} client/1  <- x`,
      `${time}  client/1 <- x`,
      ` ${time} client/1 <- x`,
      `${time} client/0 <- x`,
      `${time} client/01 <- x`,
      `${time} client/ <- x`,
      `${time} client <- x`,
      `${time} client/1/Hill <- x`,
      `${time} peer/1/ <- x`,
      `${time} peer/1/-Hill <- x`,
      `${time} peer/1/${"x".repeat(65)} <- x`,
      `${time} admin/1 <- x`,
      `${time} server <- x`,
      "2018-02-30T21:05:34.000000Z server -- info x",
      "2018-03-02T24:00:00.000000Z server -- info x",
      "2018-03-02T21:05:60.000000Z server -- info x",
      "2018-03-02T21:05:34.000Z server -- info x",
      "2018-03-02T21:05:34.000000z server -- info x",
      "2018-03-02T21:05:34.000000+00:00 server -- info x",
      "2018-03-02 21:05:34.000000Z server -- info x",
      "+12018-03-02T21:05:34.000000Z server -- info x",
      `${time} server -- fatal x`,
      `${time} server -- info`,
      `${time} server -- info `,
      `${time} server -- info x `,
      `${time} server -- info x-`,
      `${time} server -- info x y`,
      `${time} server -- info x y=`,
      `${time} server -- info x  y=1`,
      `${time} server -- info x y=1 `,
      `${time} server -- info x y=1 y=2`,
      `${time} server -- info x y_z=1`,
      `${time} server -- info x y=01`,
      `${time} server -- info x y=1.0`,
      `${time} server -- info x y=null`,
      `${time} server -- info x y={"a":1}`,
      `${time} server -- info x y=[1]`,
      `${time} server -- info x y=["a", "b"]`,
      `${time} server -- info x y="a`,
      `${time} server -- info x y="a"b`,
      `${time} server -- info x y="\\u0041"`,
      `${time} server -- info x y="\\u202E"`,
      `${time} server -- info x y="\\/"`,
      `${time} server -- info x y="\xe9"`,
      `${time} server -- info x y="${"z".repeat(maxEventFieldLength + 1)}"`,
    ];
    for (const line of bad) assertEquals(parseRecord(line), undefined, line);
  },
});
