/**
 * Records for tests of the history.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import {
  compareReports,
  ReportTimes,
  timesOf,
} from "../../../protocol/order.ts";
import {
  makeReport,
  parseReport,
  type Report,
} from "../../../protocol/report.ts";
import type { Timestamp } from "../../../protocol/time.ts";
import {
  BatchWriter,
  type RecordBatch,
} from "../../../storage/history/record_batch.ts";
import fc from "../../fast_check.ts";

/** 2018-03-02, the day of `ManualClock`. */
export const day = 17_592;

/** The first second of that day. */
export const dayStart = day * 86_400;

/** A time, in seconds after the beginning of the day. */
export function at(seconds: number, nanoseconds = 0): Timestamp {
  return { seconds: dayStart + seconds, nanoseconds };
}

/** A report of a client. Times are in seconds after the beginning of the day. */
export function reportAt(
  client: ByteString,
  time: number,
  heard: Timestamp = at(time),
  attributes: ByteString = "",
): Report {
  return makeReport("Hill", heard, {
    verb: "IAMAT",
    client,
    position: "+34.07-118.45",
    time: `${dayStart + time}`,
  }, attributes);
}

/** A batch of reports. */
export function batchOf(reports: readonly Report[]): RecordBatch {
  const writer = new BatchWriter();
  const times = new ReportTimes();
  for (const report of reports) {
    if (!writer.add(report, times.read(report))) throw new Error("too long");
  }
  return writer.batch;
}

/** The records of a client in order, each once. */
export function inOrder(records: readonly ByteString[]): ByteString[] {
  return [...new Set(records)]
    .map((record) => ({ record, report: parsed(record) }))
    .sort((one, other) => compareReports(one.report, other.report))
    .map(({ record }) => record);
}

/** The effective time of a record. */
export function effectiveOf(record: ByteString): Timestamp {
  const { effectiveNanoseconds, effectiveSeconds } = timesOf(parsed(record));
  return { seconds: effectiveSeconds, nanoseconds: effectiveNanoseconds };
}

/** A record as a report. */
export function parsed(record: ByteString): Report {
  const report = parseReport(record, () => true);
  if (report === undefined) throw new Error(`not a record: ${record}`);
  return report;
}

/** Any client's ID: any bytes but white space, 1 to 1,024. */
export const anyClient: fc.Arbitrary<ByteString> = fc.oneof(
  fc.constantFrom("kiwi", "pear", "\x00", "\xff\xfe", "'", "%", "\\"),
  fc.array(
    fc.integer({ min: 0, max: 255 }).filter((byte) =>
      byte !== 0x20 && (byte < 9 || byte > 13)
    ),
    { minLength: 1, maxLength: 1_024 },
  ).map((bytes) => String.fromCharCode(...bytes)),
);

/** What makes a report, but for its client. */
interface ReportParts {
  readonly client: string;
  readonly time: number;
  readonly delay: number;
  readonly nanoseconds: number;
  readonly attributes: string;
}

/**
 * Batches of reports of few clients, near to each other, with equal times now and
 * then.
 */
export const anyBatches: fc.Arbitrary<readonly (readonly ReportParts[])[]> = fc
  .array(
    fc.array(
      fc.record({
        client: fc.constantFrom("kiwi", "pear", "a"),
        time: fc.oneof(
          fc.integer({ min: 0, max: 5 }),
          fc.integer({ min: -86_400, max: 86_000 }),
        ),
        delay: fc.constantFrom(-5, 0, 0, 1, 90, 86_400),
        nanoseconds: fc.constantFrom(0, 1, 999_999_999),
        attributes: fc.constantFrom("", "", "accuracy=5"),
      }),
      { minLength: 1, maxLength: 60 },
    ),
    { maxLength: 4 },
  );

/** The reports of parts. @param prefix Precedes the clients' IDs. */
export function reportsOf(
  parts: readonly ReportParts[],
  prefix = "",
): readonly Report[] {
  return parts.map(({ attributes, client, delay, nanoseconds, time }) =>
    reportAt(prefix + client, time, at(time + delay, nanoseconds), attributes)
  );
}
