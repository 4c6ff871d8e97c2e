/**
 * The flag `--timeout` of commands that wait for one server.
 *
 * @module
 */
import { type Arguments, type Flag, wholeNumber } from "../cli/arguments.ts";

/**
 * Longest wait for a server by default, in seconds. An answer with places may
 * take 10 s.
 */
const defaultSeconds = 15;

/** Longest wait that can be chosen, in seconds: a day. */
const mostSeconds = 86_400;

export const timeoutFlag: Flag = {
  value: "SECONDS",
  help: `longest wait for the server, 0 for no limit (${defaultSeconds})`,
};

/** The time-out in milliseconds; `Infinity` for none. */
export function readTimeout(parsed: Arguments): number {
  const seconds = wholeNumber(parsed, "timeout", 0, mostSeconds) ??
    defaultSeconds;
  return seconds === 0 ? Infinity : seconds * 1000;
}
