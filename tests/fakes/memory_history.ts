/**
 * A history in memory, for tests of code that queries a history.
 *
 * @module
 */
import { HistoryAnswers, type HistorySite } from "../../admin/history.ts";
import type { ImportSite } from "../../admin/import.ts";
import { escapeBytes } from "../../log/escape.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import { effectiveAtOf, isNewer } from "../../protocol/order.ts";
import { clientOf, lineOf } from "../../protocol/report.ts";
import { compareTimestamps } from "../../protocol/time.ts";
import type {
  HistoryPage,
  HistoryQuery,
  HistoryReader,
} from "../../replica/history.ts";

export class MemoryHistory implements HistoryReader {
  /** The queries that it has received. */
  readonly queries: HistoryQuery[] = [];
  /** Reading fails with this message, if it is set. */
  fault: string | undefined;
  /** Most records of a page, whatever the query says. */
  maxRecords = Infinity;
  readonly #records: readonly string[];

  constructor(records: readonly string[]) {
    this.#records = records.toSorted((a, b) =>
      a === b ? 0 : isNewer(a, b) ? 1 : -1
    );
  }

  read(query: HistoryQuery): Promise<HistoryPage> {
    this.queries.push(query);
    return Promise.try(() => this.#page(query));
  }

  #page(
    { client, cursor, from, isNewestFirst, limit, to }: HistoryQuery,
  ): HistoryPage {
    if (this.fault !== undefined) throw new Error(this.fault);
    const found = this.#records.filter((record) => {
      const effective = effectiveAtOf(record);
      return clientOf(lineOf(record)) === client &&
        (from === undefined || compareTimestamps(effective, from) >= 0) &&
        (to === undefined || compareTimestamps(effective, to) <= 0);
    });
    if (isNewestFirst) found.reverse();
    const start = cursor === undefined ? 0 : Number(cursor);
    if (Number.isNaN(start)) throw new RangeError("not a cursor");
    const end = start + Math.min(limit, this.maxRecords);
    return {
      records: found.slice(start, end),
      next: end < found.length ? `${end}` : undefined,
    };
  }
}

/** What `/import` needs, with a history. */
export function importSite(history?: ImportSite["history"]): ImportSite {
  return { server: "Hill", history, nextPiece: () => Promise.resolve() };
}

/** What `/history.json` needs, with a reader. */
export function historySite(reader: HistoryReader | undefined): HistorySite {
  return {
    server: "Hill",
    reader,
    now: () => ({ seconds: 2_000, nanoseconds: 0 }),
    nextPiece: () => Promise.resolve(),
    escapeWhole: (id) => Promise.resolve(textOfBytes(escapeBytes(id))),
    answers: new HistoryAnswers(),
  };
}
