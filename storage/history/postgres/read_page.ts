/**
 * Reads a client's reports from the database, page by page. The cursor of a page
 * is its last record.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../../protocol/bytes.ts";
import { maxTimeIntegerDigits } from "../../../protocol/limits.ts";
import { timesOf } from "../../../protocol/order.ts";
import { parseReport } from "../../../protocol/report.ts";
import {
  type HistoryPage,
  type HistoryQuery,
  maxHistoryBytes,
} from "../../../replica/history.ts";
import type { Value } from "./connection.ts";
import type { Session } from "./session.ts";
import { readReports } from "./statements.ts";

/** Most rows of one statement: their bytes are not known before. */
const rowsPerRead = 1_000;

/** No effective time is later. */
const latest = { seconds: 10 ** maxTimeIntegerDigits, nanoseconds: 0 };

const earliest = { seconds: 0, nanoseconds: 0 };

/**
 * Reads a page.
 *
 * @throws {RangeError} If the cursor is none.
 * @throws {DatabaseError} If the database is down.
 */
export async function readPage(
  session: Session,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { client, from = earliest, limit, to = latest } = query;
  const { isNewestFirst = false, maxBytes = maxHistoryBytes } = query;
  const records: ByteString[] = [];
  let bytes = 0;
  let last = query.cursor === undefined
    ? undefined
    : readCursor(query.cursor, client);
  while (true) {
    const wanted = Math.min(limit - records.length, rowsPerRead);
    // One more tells whether another page follows.
    const { rows } = await session.run(
      readReports(isNewestFirst, last !== undefined),
      [
        encodeBytes(client),
        from.seconds,
        from.nanoseconds,
        to.seconds,
        to.nanoseconds,
        wanted + 1,
        ...last === undefined ? [] : valuesOf(last),
      ],
    );
    for (const [line, attributes] of rows.slice(0, wanted)) {
      const record = readBytes(line!) +
        (attributes === emptyBytes ? "" : ` ${readBytes(attributes!)}`);
      bytes += record.length;
      if (bytes > maxBytes && records.length > 0) {
        return { records, next: formatCursor(last!) };
      }
      records.push(record);
      last = record;
    }
    if (rows.length <= wanted) return { records, next: undefined };
    if (records.length === limit) return { records, next: formatCursor(last!) };
  }
}

/** Bytes as PostgreSQL sends them: `\x` and hexadecimal digits. */
const emptyBytes = "\\x";

function readBytes(text: string): ByteString {
  const bytes = Uint8Array.fromHex(text.slice(emptyBytes.length));
  return decodeBytes(bytes, 0, bytes.length);
}

/** A record's values in the order of the reports. */
function valuesOf(record: ByteString): Value[] {
  const report = parseReport(record, () => true)!;
  const times = timesOf(report);
  return [
    times.effectiveSeconds,
    times.effectiveNanoseconds,
    times.heardSeconds,
    times.heardNanoseconds,
    times.timeSeconds,
    times.timeNanoseconds,
    encodeBytes(report.line),
    encodeBytes(report.attributes),
  ];
}

function formatCursor(record: ByteString): string {
  return encodeBytes(record).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** A cursor may come from anywhere. */
function readCursor(cursor: string, client: ByteString): ByteString {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    const record = decodeBytes(bytes, 0, bytes.length);
    if (parseReport(record, () => true)?.client === client) return record;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new RangeError("the cursor is not one of this client's history");
}
