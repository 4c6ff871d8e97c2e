/**
 * Stores a budget's count in a file of one line, which is overwritten with each
 * request. This needs only permission to write. With permission to read, a
 * server continues the count of its last run.
 *
 * @module
 */
import { type DayCount, formatDayCount, parseDayCount } from "./budget.ts";

/** The file does not contain a budget's count. */
export class BudgetFileError extends Error {
  override readonly name = "BudgetFileError";
}

/**
 * The count in the file; undefined if there is no file yet.
 *
 * @throws {BudgetFileError} If the file does not contain a count.
 */
export async function readBudgetFile(
  path: string,
): Promise<DayCount | undefined> {
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  // Created but not written: the disk was full, or the program was killed.
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
 * Writes the count. All lines have the same length, and a single write replaces
 * the previous one. So the file holds a whole line even if the program is
 * killed.
 */
export async function writeBudgetFile(
  path: string,
  count: DayCount,
): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  await file.write(new TextEncoder().encode(formatDayCount(count)));
}
