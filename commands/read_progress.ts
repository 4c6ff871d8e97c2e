/**
 * Shows on stderr how the reading of logs goes, and what is wrong with them.
 *
 * @module
 */
import { Progress } from "../cli/progress.ts";
import { note } from "../cli/write.ts";
import type { ReadingOptions } from "../log_analysis/read_logs.ts";

/** Less is read before anybody has seen a bar. */
const shownFromBytes = 32 * 1024 * 1024;

/**
 * Ends with `using`; may be ended earlier, so that nothing stands in the bar.
 *
 * @param total The bytes that will be read.
 */
export function showReadProgress(total: number): ReadingOptions & Disposable {
  const isShown = total >= shownFromBytes && Deno.stderr.isTerminal();
  const bar = isShown
    ? new Progress({ label: "reading the logs", total })
    : undefined;
  let done = 0;
  return {
    warn: (line) => bar === undefined ? note(line) : bar.printLine(line),
    progress: (bytes) => bar?.update(done += bytes),
    [Symbol.dispose]: () => bar?.[Symbol.dispose](),
  };
}
