/**
 * Reads CSV (RFC 4180) whose first row has the names of its columns: those that
 * `herd where` writes, or names that trackers use.
 *
 * @module
 */
import {
  type ImportContext,
  type ImportRow,
  rowOf,
  type RowReader,
} from "./import_row.ts";
import { maxRowLength } from "./limits.ts";

/** The names of each column, in small letters. */
const columnNames = {
  client: ["client", "id", "device", "device_id"],
  time: ["client_time", "time", "timestamp", "datetime"],
  latitude: ["latitude", "lat"],
  longitude: ["longitude", "lon", "lng", "long"],
  altitude: ["altitude", "elevation", "ele", "alt"],
  attributes: ["attributes"],
  server: ["server"],
  difference: ["difference"],
} as const;

type Column = keyof typeof columnNames;

const columns = Object.keys(columnNames) as Column[];

export class CsvReader implements RowReader {
  readonly #context: ImportContext;
  #line = 1;
  /** The cells of the row that is being read, with the line where it began. */
  #cells: string[] = [];
  #rowLine = 1;
  #cell = "";
  #length = 0;
  #isQuoted = false;
  /** Whether the last character was a quote within quotes. */
  #isAfterQuote = false;
  /** The index of each column; undefined before the first row. */
  #indices: Partial<Record<Column, number>> | undefined;
  #hasFailed = false;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *push(text: string): Generator<ImportRow> {
    for (const character of text) {
      this.#length += 1;
      if (this.#isAfterQuote) {
        this.#isAfterQuote = false;
        if (character === '"') {
          this.#add(character);
          continue;
        }
        this.#isQuoted = false;
      }
      if (this.#isQuoted) {
        if (character === '"') this.#isAfterQuote = true;
        else this.#add(character);
        if (character === "\n") this.#line += 1;
      } else if (character === '"' && this.#cell === "") {
        this.#isQuoted = true;
      } else if (character === ",") {
        this.#endCell();
      } else if (character === "\n") {
        yield* this.#endRow();
        this.#line += 1;
        this.#rowLine = this.#line;
      } else {
        this.#add(character);
      }
    }
  }

  *end(): Generator<ImportRow> {
    if (this.#isQuoted && !this.#isAfterQuote) {
      yield { line: this.#rowLine, fault: "a quote has no end" };
    } else if (this.#length > 0) {
      yield* this.#endRow();
    }
  }

  #add(character: string): void {
    // Of a row that is too long, only the length is kept.
    if (this.#length <= maxRowLength) this.#cell += character;
  }

  #endCell(): void {
    if (this.#length <= maxRowLength) this.#cells.push(this.#cell);
    this.#cell = "";
  }

  *#endRow(): Generator<ImportRow> {
    this.#cell = this.#cell.replace(/\r$/, "");
    this.#endCell();
    const cells = this.#cells;
    const isTooLong = this.#length > maxRowLength;
    this.#cells = [];
    this.#length = 0;
    const line = this.#rowLine;
    if (this.#hasFailed) return;
    if (isTooLong) return yield { line, fault: "the row is too long" };
    if (cells.length === 1 && cells[0] === "") return;
    if (this.#indices !== undefined) return yield this.#rowOf(line, cells);
    this.#indices = indicesOf(cells);
    const { latitude, longitude, time } = this.#indices;
    if ([latitude, longitude, time].every((index) => index !== undefined)) {
      return;
    }
    this.#hasFailed = true;
    yield {
      line,
      fault: "expected a first row with the columns time, latitude and " +
        `longitude, found ${cells.slice(0, 8).join(",")}`,
    };
  }

  #rowOf(line: number, cells: readonly string[]): ImportRow {
    const at = (column: Column) => {
      const index = this.#indices![column];
      return index === undefined ? undefined : cells[index];
    };
    return rowOf({
      line,
      client: plain(at("client")),
      time: at("time"),
      latitude: at("latitude"),
      longitude: at("longitude"),
      altitude: at("altitude"),
      attributes: plain(at("attributes")) || undefined,
      server: plain(at("server")),
      difference: at("difference"),
    }, this.#context);
  }
}

/** Where the columns are. Of several names of one, the first in the table counts. */
function indicesOf(
  cells: readonly string[],
): Partial<Record<Column, number>> {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const indices: Partial<Record<Column, number>> = {};
  for (const column of columns) {
    const name = columnNames[column].find((name) => names.includes(name));
    if (name !== undefined) indices[column] = names.indexOf(name);
  }
  return indices;
}

/** A text without the apostrophe that keeps a spreadsheet from running it. */
function plain(cell: string | undefined): string | undefined {
  return cell?.replace(/^'(?=[=+\-@])/, "");
}
