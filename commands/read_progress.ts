/**
 * Shows on stderr the progress of reading logs, and faults in the logs.
 *
 * @module
 */
import { Progress } from "../cli/progress.ts";
import { note } from "../cli/write.ts";
import type { ReadingOptions } from "../log_analysis/read_logs.ts";

/**
 * A progress bar is shown for logs of at least this size, in bytes. Smaller logs
 * are read before a bar would be noticed.
 */
const shownFromBytes = 32 * 1024 * 1024;

/**
 * Callbacks for reading logs. Disposing of them removes the progress bar; that
 * may be done again.
 *
 * @param total The size of the logs, in bytes.
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
