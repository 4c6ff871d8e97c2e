import fc from "../fast_check.ts";
import { type LogRecord, parseRecord } from "../../log/parse.ts";
import { formatEvent } from "../../log/record.ts";
import { escapeBytes } from "../../log/escape.ts";
import { RecordReader } from "../../log_analysis/record_reader.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyBytes } from "../protocol/arbitraries.ts";

/** Reads a text in chunks. Returns the records and the counts. */
function read(text: ByteString, cuts: readonly number[] = []) {
  const records: unknown[] = [];
  const reader = new RecordReader({
    traffic: (timeUs, connection, direction, text) =>
      records.push({ timeUs, connection, direction, text }),
    event: (timeUs, record) => records.push({ timeUs, record }),
  });
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const end = Math.min(cut, text.length);
    reader.push(text.slice(at, end));
    at = end;
  }
  reader.push(text.slice(at));
  reader.end();
  return { records, counts: reader.counts };
}

/** A result of `parseRecord` in the form that `read` returns. */
function expectedOf(record: LogRecord): unknown {
  const { nanoseconds, seconds } = record.timestamp;
  const timeUs = seconds * 1e6 + nanoseconds / 1e3;
  if (record.kind === "event") return { timeUs, record };
  const { bytes, connection, kind } = record;
  return { timeUs, connection, direction: kind, text: escapeBytes(bytes) };
}

const time = "2026-11-22T17:00:00.000001Z";

/** Lines of all kinds, of which some are invalid or almost valid. */
const anyLine = fc.oneof(
  fc.record({
    time: fc.constantFrom(
      time,
      "2026-11-22T17:00:00.999999Z",
      "2026-02-30T17:00:00.000000Z",
      "2026-11-22T24:00:00.000000Z",
      "2026-11-22T17:00:00.00000Z",
    ),
    connection: fc.constantFrom(
      "client/1",
      "client/01",
      "client/1/Hill",
      "peer/12",
      "peer/3/Hill",
      "peer/3/",
      "peer/3/-Hill",
      "server",
      "friend/1",
    ),
    mark: fc.constantFrom("<-", "->", "--", "-"),
    text: fc.oneof(
      anyBytes.map(escapeBytes),
      anyBytes.map((bytes) => bytes.replaceAll("\n", "")),
      fc.constantFrom("AT \\n", "\\x09", "\\x41", "\\", "info closed", ""),
    ),
  }).map(({ connection, mark, text, time }) =>
    `${time} ${connection} ${mark} ${text}`
  ),
  fc.constantFrom("", time, "client/1 <- PING"),
);

Deno.test({
  name: "RecordReader finds the same records as parseRecord for any chunks",
  permissions: "none",
  fn() {
    const lines = fc.array(anyLine, { maxLength: 8 });
    const cuts = fc.array(fc.nat(400), { maxLength: 6 });
    assertProperty(
      fc.property(lines, cuts, (lines, cuts) => {
        const text = lines.map((line) => `${line}\n`).join("");
        const { counts, records } = read(text, cuts);
        const expected = lines.map(parseRecord)
          .filter((record) => record !== undefined);
        assertEquals(records, expected.map(expectedOf));
        assertEquals(counts.records, expected.length);
        const other = lines.filter((line) =>
          line !== "" && parseRecord(line) === undefined
        );
        // Lines at the end may still be explained by a later record.
        assertEquals(counts.damaged, other.length);
        assertEquals(counts.cut, 0);
      }),
      { numRuns: 500 },
    );
  },
});

const traffic = (text: string) => `${time} peer/1/Smith <- ${text}`;
const started = formatEvent(time, "server", "info", "started", {
  name: "Hill",
}).trimEnd();
const incomplete = (cutLines: number) =>
  formatEvent(time, "server", "error", "log incomplete", {
    lostLines: 3,
    lostBytes: 99,
    cutLines,
  }).trimEnd();

/** The texts of traffic and the names of events in a log, and the counts. */
function found(text: string) {
  const { counts, records } = read(text);
  const names = (records as { text?: string; record?: LogRecord }[])
    .map(({ record, text }) =>
      text ?? (record?.kind === "event" ? record.event : "")
    );
  const { cut, damaged } = counts;
  return { names, cut, damaged };
}

Deno.test({
  name: "a truncated line is not a record, even if it looks like one",
  permissions: "none",
  fn() {
    const cases: [string, string[], number, number][] = [
      // A server that was killed or is still running.
      [`${traffic("PING")}\n${traffic("PI")}`, ["PING"], 1, 0],
      [`${traffic("PING")}\n${time} pe`, ["PING"], 1, 0],
      // A partial line of a killed run, before the next run.
      [`${traffic("PI")}\n${started}\n`, ["started"], 1, 0],
      [`${traffic("PING")}\n\n${started}\n`, ["PING", "started"], 0, 0],
      [
        `${traffic("PING")}\n${time} pe\n${started}\n`,
        ["PING", "started"],
        1,
        0,
      ],
      // A full disk.
      [
        `${traffic("PING")}\n${traffic("PI")}\n${incomplete(1)}\n`,
        ["PING", "log-incomplete"],
        1,
        0,
      ],
      [
        `${traffic("PI")}\n${time} server -- er\n${incomplete(2)}\n`,
        ["log-incomplete"],
        2,
        0,
      ],
      [
        `${traffic("PING")}\n${incomplete(0)}\n`,
        ["PING", "log-incomplete"],
        0,
        0,
      ],
      // A file that was edited.
      [
        `nonsense\n${traffic("PING")}\nmore\n${traffic("PING")}\n`,
        ["PING", "PING"],
        0,
        2,
      ],
      [`nonsense\nmore\n${started}\n`, ["started"], 1, 1],
      ["", [], 0, 0],
    ];
    for (const [text, names, cut, damaged] of cases) {
      assertEquals(found(text), { names, cut, damaged }, text);
    }
  },
});

Deno.test({
  name: "a file without LF does not fill the memory",
  permissions: "none",
  fn() {
    const reader = new RecordReader({ traffic() {}, event() {} });
    const chunk = "x".repeat(1024 * 1024);
    for (let count = 0; count < 100; count++) reader.push(chunk);
    reader.push(`x\n${traffic("PING")}\n`);
    reader.end();
    assertEquals(reader.counts, { records: 1, cut: 0, damaged: 1 });
  },
});
