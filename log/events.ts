/**
 * Events, told in two places: the server's log file, always, and LogTape under
 * the category `["herd", NAME]`, for a program that embeds the server to route
 * as it likes. LogTape belongs to that program: the server sets nothing up
 * there, and its log is whole whether the program does or not.
 *
 * @module
 */
import { getLogger } from "../packages/logtape.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { LogFailure } from "./appender.ts";
import type { LogWriter } from "./log_writer.ts";

/** What a server may do when its log cannot be written. */
export const logFailureChoices = ["keep-serving", "stop"] as const;

/** One of them: go on and count what is missing, or end in the orderly way. */
export type OnLogFailure = typeof logFailureChoices[number];

/** Tells what cannot be told in the log: that something is wrong with it. */
export function emitLogFailure(
  server: string,
  failure: LogFailure,
  onLogFailure: OnLogFailure,
): void {
  // That it stops has been said, and one line shall be enough.
  if (onLogFailure === "stop" && "loss" in failure) return;
  // Braces stand for values in LogTape, and this sentence is whole.
  const sentence = describe(failure, onLogFailure).replace(/[{}]/g, "$&$&");
  getLogger(["herd", server]).error(sentence, { ...failure });
}

function describe(failure: LogFailure, onLogFailure: OnLogFailure): string {
  if (failure.state === "failing") {
    const consequence = onLogFailure === "stop"
      ? "stopping, as --on-log-failure says"
      : "serving goes on, and what is not logged is counted";
    return `the log cannot be written: ${failure.error.message}; ${consequence}`;
  }
  if (failure.state === "stuck") {
    return `the log cannot go on in ${failure.path}: ` +
      `${failure.error.message}; the full file grows until it can`;
  }
  const what = failure.state === "working"
    ? "the log can be written again"
    : "the log could not be written to its end";
  const { bytes, lines } = failure.loss;
  return `${what}; missing in it: ${lines} lines, ${bytes} bytes`;
}

/** The way to tell a server's events. */
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
