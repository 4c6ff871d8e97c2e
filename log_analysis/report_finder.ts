/**
 * Finds a client's reports in the logs: the first of two readings.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../protocol/bytes.ts";
import { compareTimes } from "../protocol/time.ts";
import type { Direction, TrafficVisitor } from "./record_reader.ts";
import { isNewerLine, readReportLine, type ReportLine } from "./report_line.ts";

/** Which of a client's reports are wanted. */
export type ReportSelection =
  /** So many of the newest; Infinity for all. */
  | { readonly newest: number }
  /** Those with this time, whatever its digits: 1.5 is 1.50. */
  | { readonly time: string };

/**
 * Whether a record tells an AT line that some server has made: one between
 * servers, or an answer. What a client sends is none, whatever it looks like.
 */
export function mentionsReport(
  connection: string,
  direction: Direction,
  text: ByteString,
): boolean {
  return text.startsWith("AT ") &&
    (direction === "sent" || connection.startsWith("peer/"));
}

/** Keeps the wanted reports of one client. */
export class ReportFinder implements TrafficVisitor {
  readonly #client: ByteString;
  readonly #needle: string;
  readonly #wanted: ReportSelection;
  readonly #found = new Set<ByteString>();
  /** From the oldest to the newest. */
  readonly #reports: ReportLine[] = [];
  #isReported = false;

  /** @param client As in the log: escaped. */
  constructor(client: ByteString, wanted: ReportSelection) {
    this.#client = client;
    this.#needle = ` ${client} `;
    this.#wanted = wanted;
  }

  /** Whether there is any report of the client, wanted or not. */
  get isReported(): boolean {
    return this.#isReported;
  }

  /** Those that are wanted, from the oldest to the newest. */
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
    if (!this.#found.has(report.line) && this.#isWanted(report)) {
      this.#keep(report);
    }
  }

  #isWanted({ line, time }: ReportLine): boolean {
    if ("time" in this.#wanted) return equalTimes(time, this.#wanted.time);
    return this.#reports.length < this.#wanted.newest ||
      isNewerLine(line, this.#reports[0].line);
  }

  /** Puts it in its place. What is no longer wanted never will be again. */
  #keep(report: ReportLine): void {
    let at = this.#reports.length;
    while (at > 0 && isNewerLine(this.#reports[at - 1].line, report.line)) {
      at -= 1;
    }
    this.#reports.splice(at, 0, report);
    this.#found.add(report.line);
    const isOver = "newest" in this.#wanted &&
      this.#reports.length > this.#wanted.newest;
    if (isOver) this.#found.delete(this.#reports.shift()!.line);
  }
}

function equalTimes(time: ByteString, other: ByteString): boolean {
  const [a, b] = [encodeBytes(time), encodeBytes(other)];
  return compareTimes(a, 0, a.length, b, 0, b.length) === 0;
}
