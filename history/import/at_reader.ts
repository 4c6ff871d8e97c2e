/**
 * Reads files of AT lines, each alone or with a space and attributes. Lines are
 * bytes, so the text has one character for each byte.
 *
 * @module
 */
import type { ImportRow, RowReader } from "./import_row.ts";
import { recordRow } from "./import_row.ts";
import { type FileLine, LineSplitter } from "./line_splitter.ts";

export class AtReader implements RowReader {
  readonly #lines = new LineSplitter();

  *push(text: string): Generator<ImportRow> {
    for (const line of this.#lines.push(text)) yield* rowsOf(line);
  }

  *end(): Generator<ImportRow> {
    for (const line of this.#lines.end()) yield* rowsOf(line);
  }
}

function* rowsOf({ line, text }: FileLine): Generator<ImportRow> {
  if (text === undefined) yield { line, fault: "the line is too long" };
  else if (text !== "") yield recordRow(line, text);
}
