/**
 * Events, told in two places: the server's log file, always, and LogTape under
 * the category `["herd", NAME]`, for a program that embeds the server to route
 * as it likes. LogTape belongs to that program: the server sets nothing up
 * there, and its log is whole whether the program does or not.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Tell } from "../runtime/tell.ts";
import type { Journal } from "./journal.ts";

/** Tells what cannot be told in the log: that it cannot be written. */
export function tellLogFault(server: string, error: Error): void {
  getLogger(["herd", server]).error("the log cannot be written: {message}", {
    message: error.message,
  });
}

/** The way to tell a server's events. */
export function createTell(journal: Journal, server: string): Tell {
  const logger = getLogger(["herd", server]);
  return (level, connection, event, fields = {}) => {
    journal.event(connection, level, event, fields);
    if (!logger.isEnabledFor(level)) return;
    const details = Object.keys(fields).map((key) => `${key}={${key}}`);
    logger[level](
      [`${connection}: ${event}`, ...details].join(" "),
      { ...fields },
    );
  };
}
