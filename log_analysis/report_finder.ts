/**
 * Finds a client's reports in the logs: the first of two passes.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../protocol/bytes.ts";
import { compareTimes } from "../protocol/time.ts";
import type { Direction, TrafficVisitor } from "./record_reader.ts";
import { isNewerLine, readReportLine, type ReportLine } from "./report_line.ts";

/** Which of a client's reports to find. */
export type ReportSelection =
  /** The number of newest reports; Infinity for all. */
  | { readonly newest: number }
  /** The reports with this time; 1.5 equals 1.50. */
  | { readonly time: string };

/**
 * Whether a record contains an AT line made by a server: a line between servers
 * or an answer. An AT line sent by a client does not count.
 */
export function mentionsReport(
  connection: string,
  direction: Direction,
  text: ByteString,
): boolean {
  return text.startsWith("AT ") &&
    (direction === "sent" || connection.startsWith("peer/"));
}

/** Collects the selected reports of one client. */
export class ReportFinder implements TrafficVisitor {
  readonly #client: ByteString;
  readonly #needle: string;
  readonly #selection: ReportSelection;
  /** The reports that were found, by their lines. */
  readonly #found = new Map<ByteString, ReportLine>();
  /** From the oldest to the newest. */
  readonly #reports: ReportLine[] = [];
  #isReported = false;

  /** @param client Escaped, as in the log. */
  constructor(client: ByteString, selection: ReportSelection) {
    this.#client = client;
    this.#needle = ` ${client} `;
    this.#selection = selection;
  }

  /** Whether there is any report of the client, selected or not. */
  get isReported(): boolean {
    return this.#isReported;
  }

  /** The selected reports, from the oldest to the newest. */
  get reports(): readonly ReportLine[] {
    return this.#reports;
  }

  traffic(
    _: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    if (!mentionsReport(connection, direction, text)) return;
    if (!text.includes(this.#needle)) return;
    const report = readReportLine(text);
    if (report?.client !== this.#client) return;
    this.#isReported = true;
    const known = this.#found.get(report.line);
    // Lines to clients have no attributes, and lines between servers have them.
    if (known === undefined) {
      if (this.#isSelected(report)) this.#keep(report);
    } else if (known.record === known.line) {
      known.record = report.record;
    }
  }

  #isSelected({ line, time }: ReportLine): boolean {
    if ("time" in this.#selection) {
      return equalTimes(time, this.#selection.time);
    }
    return this.#reports.length < this.#selection.newest ||
      isNewerLine(line, this.#reports[0].line);
  }

  /**
   * Inserts a report in order, and removes the oldest if there are too many.
   */
  #keep(report: ReportLine): void {
    let at = this.#reports.length;
    while (at > 0 && isNewerLine(this.#reports[at - 1].line, report.line)) {
      at -= 1;
    }
    this.#reports.splice(at, 0, report);
    this.#found.set(report.line, report);
    const isTooMany = "newest" in this.#selection &&
      this.#reports.length > this.#selection.newest;
    if (isTooMany) this.#found.delete(this.#reports.shift()!.line);
  }
}

function equalTimes(time: ByteString, other: ByteString): boolean {
  const [a, b] = [encodeBytes(time), encodeBytes(other)];
  return compareTimes(a, 0, a.length, b, 0, b.length) === 0;
}
