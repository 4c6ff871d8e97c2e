/**
 * Where a budget's count outlives the program: a file of one line, written
 * again with each request. Writing needs permission to write only; who may
 * read, too, goes on where the last run ended.
 *
 * @module
 */
import { type DayCount, formatDayCount, parseDayCount } from "./budget.ts";

/** The file holds something else. */
export class BudgetFileError extends Error {
  override readonly name = "BudgetFileError";
}

/**
 * What the file says was spent; undefined if there is no file yet.
 *
 * @throws {BudgetFileError} If the file is none of a budget's.
 */
export function readBudgetFile(path: string): DayCount | undefined {
  let text;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  // Made, and not written: there was no room, or the program died.
  if (text === "") return undefined;
  const count = parseDayCount(text);
  if (count !== undefined) return count;
  throw new BudgetFileError(
    `${path}: expected a day and a count, as in ` +
      `"${formatDayCount({ day: "2026-11-22", requests: 12 }).trimEnd()}"; ` +
      "correct it, or delete it to count from 0",
  );
}

/**
 * Writes what was spent. The line has always the same length and takes the
 * place of the former one in a single write, so that there is always one of
 * them, whenever the program dies. It is done when this returns: a request that
 * is not counted must not be made.
 */
export function writeBudgetFile(path: string, count: DayCount): void {
  using file = Deno.openSync(path, { write: true, create: true });
  file.writeSync(new TextEncoder().encode(formatDayCount(count)));
}
