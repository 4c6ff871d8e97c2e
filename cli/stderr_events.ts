/**
 * Grave events on stderr, by way of LogTape, which this program owns when it
 * runs servers itself. Everything else is in the log files.
 *
 * @module
 */
import {
  configureSync,
  getConfig,
  getTextFormatter,
  type LogRecord,
} from "../packages/logtape.ts";
import { note } from "./write.ts";

/** Shows the errors of all servers in this process, one line each. */
export function logErrorsToStderr(): void {
  if (getConfig() !== null) return;
  const format = getTextFormatter({
    timestamp: "none",
    format: ({ category, message }) => `${category}: ${message}`,
    category: ([, server]) => server,
  });
  configureSync({
    sinks: {
      stderr: (record: LogRecord) => note(format(record).trimEnd()),
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
