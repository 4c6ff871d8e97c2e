/**
 * Shows errors of servers on stderr, through LogTape. Other events are in the
 * log files only.
 *
 * @module
 */
import {
  configureSync,
  getConfig,
  getTextFormatter,
  type LogRecord,
} from "../packages/logtape.ts";
import type { BackgroundNotes } from "./background_notes.ts";

/**
 * Shows the errors of all servers in this process, one line each. Does nothing
 * if LogTape is configured already.
 */
export function logErrorsToStderr(stderr: BackgroundNotes): void {
  if (getConfig() !== null) return;
  const format = getTextFormatter({
    timestamp: "none",
    format: ({ category, message }) => `${category}: ${message}`,
    category: ([, server]) => server,
  });
  configureSync({
    sinks: {
      stderr: (record: LogRecord) => stderr.note(format(record).trimEnd()),
    },
    loggers: [
      { category: "herd", lowestLevel: "error", sinks: ["stderr"] },
      {
        category: ["logtape", "meta"],
        lowestLevel: "error",
        sinks: ["stderr"],
      },
    ],
  });
}
