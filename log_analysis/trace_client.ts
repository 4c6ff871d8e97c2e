/**
 * Traces the reports of a client through the logs in two passes: the first
 * finds the reports, the second their paths.
 *
 * @module
 */
import { SetupError } from "../cli/exit.ts";
import { escapeBytes, unescapeBytes } from "../log/escape.ts";
import {
  bytesOfText,
  type ByteString,
  textOfBytes,
} from "../protocol/bytes.ts";
import { ClientNames } from "./client_names.ts";
import type { ServerLog } from "./log_folder.ts";
import {
  describeLeftOut,
  noRecordsError,
  type ReadingOptions,
  readLog,
} from "./read_logs.ts";
import type { RecordCounts, TrafficVisitor } from "./record_reader.ts";
import { ReportFinder, type ReportSelection } from "./report_finder.ts";
import { pathOf, type ReportPath } from "./report_path.ts";
import { type LogSpan, ReportTrace, ServerTracer } from "./report_trace.ts";

/**
 * The paths of a client's reports, from the oldest to the newest.
 *
 * @param client The ID as the user typed it: escaped as in the log, or plain.
 * @throws {SetupError} If the logs have no such client or no such report.
 */
export async function traceClient(
  logs: readonly ServerLog[],
  client: string,
  selection: ReportSelection,
  options: ReadingOptions,
): Promise<ReportPath[]> {
  const found = await findReports(logs, client, selection, options);
  const traces = new Map(
    found.reports.map((report) => [report.line, new ReportTrace(report)]),
  );
  const spans: LogSpan[] = [];
  for (const log of logs) {
    const { server } = log;
    const tracer = new ServerTracer(server, found.client, traces);
    const counts = await readLog(log, tracer, options);
    const { span } = tracer;
    if (span !== undefined) spans.push(span);
    const leftOut = describeLeftOut(server, counts, span?.lostLines ?? 0);
    if (leftOut !== undefined) options.warn(leftOut);
  }
  return [...traces.values()].map((report) => pathOf(report, spans));
}

async function findReports(
  logs: readonly ServerLog[],
  client: string,
  selection: ReportSelection,
  options: ReadingOptions,
) {
  const finders = escapedForms(client).map((escaped) => ({
    client: escaped,
    found: new ReportFinder(escaped, selection),
  }));
  const counts = await readAll(
    logs,
    options,
    finders.map(({ found }) => found),
  );
  if (counts.every(({ records }) => records === 0)) {
    throw noRecordsError(logs, counts);
  }
  const finder = finders.find(({ found }) => found.isReported);
  if (finder === undefined) {
    const names = new ClientNames(finders[0].client);
    await readAll(logs, options, [names]);
    throw new SetupError(
      `no report of ${textOfBytes(finders[0].client)} in the logs` +
        names.describe(),
    );
  }
  const { reports } = finder.found;
  if (reports.length === 0 && "time" in selection) {
    throw new SetupError(
      `no report of ${textOfBytes(finder.client)} with the time ` +
        `${selection.time} in the logs`,
    );
  }
  return { client: finder.client, reports };
}

/**
 * The escaped forms of an ID that a user typed, which may be escaped already.
 */
function escapedForms(client: string): ByteString[] {
  const bytes = bytesOfText(client);
  const isEscaped = escapeBytes(unescapeBytes(bytes)) === bytes;
  const escaped = escapeBytes(bytes);
  return isEscaped && bytes !== escaped ? [bytes, escaped] : [escaped];
}

async function readAll(
  logs: readonly ServerLog[],
  options: ReadingOptions,
  visitors: readonly TrafficVisitor[],
): Promise<RecordCounts[]> {
  const counts: RecordCounts[] = [];
  // Warnings are given once, in the second pass.
  for (const log of logs) {
    const lines = await readLog(log, {
      traffic: (timeUs, connection, direction, text) => {
        for (const visitor of visitors) {
          visitor.traffic(timeUs, connection, direction, text);
        }
      },
      event: () => {},
    }, { ...options, warn: () => {} });
    counts.push(lines);
  }
  return counts;
}
