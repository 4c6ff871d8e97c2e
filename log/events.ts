/**
 * Sends events to two places: the server's log file, and LogTape under the
 * category `["herd", NAME]`. A program that embeds the server may configure
 * LogTape to route them. The server does not configure LogTape, and its log
 * file is complete either way.
 *
 * @module
 */
import { getLogger } from "../packages/logtape.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { LogFailure } from "./appender.ts";
import type { LogWriter } from "./log_writer.ts";

/** What a server can do when its log cannot be written. */
export const logFailureChoices = ["keep-serving", "stop"] as const;

/**
 * `keep-serving` counts what is missing in the log; `stop` shuts the server
 * down in an orderly way.
 */
export type OnLogFailure = typeof logFailureChoices[number];

/**
 * Sends a failure of the log to LogTape, as the log itself cannot record it.
 */
export function emitLogFailure(
  server: string,
  failure: LogFailure,
  onLogFailure: OnLogFailure,
): void {
  // The line about `failing` has said that the server stops.
  if (onLogFailure === "stop" && "loss" in failure) return;
  // LogTape replaces names in braces by values; doubled braces stand for
  // themselves.
  const message = describe(failure, onLogFailure).replace(/[{}]/g, "$&$&");
  getLogger(["herd", server]).error(message, { ...failure });
}

function describe(failure: LogFailure, onLogFailure: OnLogFailure): string {
  if (failure.state === "failing") {
    const consequence = onLogFailure === "stop"
      ? "stopping, as --on-log-failure says"
      : "the server continues, and counts the lines that are not logged";
    return `the log cannot be written: ${failure.error.message}; ${consequence}`;
  }
  if (failure.state === "stuck") {
    return `the log cannot continue in ${failure.path}: ` +
      `${failure.error.message}; the full file grows until it can`;
  }
  if (failure.state === "reopened") {
    const { path, reason } = failure;
    return `the log file ${path} was ${reason} by another program; the log ` +
      "continues in the file that is there now, and some lines may be missing";
  }
  const what = failure.state === "working"
    ? "the log can be written again"
    : "the log could not be written to its end";
  const { bytes, lines } = failure.loss;
  return `${what}; missing in it: ${lines} lines, ${bytes} bytes`;
}

/** A function that emits the events of one server. */
export function createEmitEvent(log: LogWriter, server: string): EmitEvent {
  const logger = getLogger(["herd", server]);
  return (level, connection, event, fields = {}) => {
    log.event(connection, level, event, fields);
    if (!logger.isEnabledFor(level)) return;
    const details = Object.keys(fields).map((key) => `${key}={${key}}`);
    logger[level](
      [`${connection}: ${event}`, ...details].join(" "),
      { ...fields },
    );
  };
}
