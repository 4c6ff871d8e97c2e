/**
 * Ends programs. The exit status is 0 after success, 1 after an error outside
 * the program, 2 after a wrong command line. For 1 and 2 one line on stderr
 * gives the reason, without a stack trace.
 *
 * @module
 */
import { SetupError, setupError } from "../runtime/setup_error.ts";
import { redactTokens } from "../runtime/redact_tokens.ts";
import { PermissionError } from "../runtime/permissions.ts";
import { UsageError } from "./arguments.ts";
import { commandFor, type PermissionKind } from "./command_line.ts";
import { note } from "./write.ts";

export { SetupError, setupError };

/**
 * The output pipe was closed by its reader, as `head` does when it has enough.
 * The program exits with status 0.
 */
export class OutputClosedError extends Error {
  /** Always `OutputClosedError`. */
  override readonly name = "ReaderGoneError";
}

/**
 * Runs a program's main function and exits with `Deno.exitCode`, or with the
 * status of the thrown error. Rethrows unknown errors.
 *
 * @param command The command whose `--help` a usage error names, such as
 * `herd status`.
 * @param kinds The kinds of permissions that the program always needs, for the
 * command in an error about missing permissions.
 */
export async function runProgram(
  name: string,
  main: () => Promise<void>,
  command = name,
  kinds?: readonly PermissionKind[],
): Promise<never> {
  try {
    await main();
    Deno.exit();
  } catch (error) {
    if (error instanceof UsageError) {
      const message = oneLine(error.message);
      note(`${name}: ${message} (see ${command} --help)`);
      Deno.exit(2);
    }
    if (error instanceof PermissionError && kinds !== undefined) {
      const { needs, problem } = error;
      const instead = commandFor(Deno.args, needs, kinds);
      note(`${name}: ${oneLine(problem)}: run instead: ${oneLine(instead)}`);
      Deno.exit(1);
    }
    if (error instanceof SetupError) {
      note(`${name}: ${oneLine(error.message)}`);
      Deno.exit(1);
    }
    if (error instanceof OutputClosedError) Deno.exit();
    throw error;
  }
}

/** Calls back with the reason when an uncaught error ends the program. */
export function onCrash(callback: (reason: string) => void): void {
  addEventListener("error", ({ error, message }) => {
    callback(error instanceof Error ? `${error.stack}` : message);
  });
  addEventListener("unhandledrejection", ({ reason }) => {
    callback(reason instanceof Error ? `${reason.stack}` : String(reason));
  });
}

/** Signals that stop a program. Windows has no SIGTERM. */
const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * How long signals after the first count as the same, in milliseconds. At Ctrl-C
 * the terminal sends SIGINT to `deno task` and to the program, and `deno task`
 * may pass its own on.
 */
const repeatedSignalMs = 500;

/**
 * Resolves with the name of the first signal that stops the program. A second
 * signal ends the program at once, if it comes `repeatedSignalMs` later or more.
 *
 * @param others More signals that stop it.
 */
export function nextSignal(
  ...others: readonly Deno.Signal[]
): Promise<Deno.Signal> {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  const signals = [...stopSignals, ...others];
  const removals: (() => void)[] = [];
  let isFirst = true;
  for (const signal of signals) {
    const listener = () => {
      resolve(signal);
      if (!isFirst) return;
      isFirst = false;
      const timer = setTimeout(() => {
        for (const remove of removals) remove();
      }, repeatedSignalMs);
      Deno.unrefTimer(timer);
    };
    Deno.addSignalListener(signal, listener);
    removals.push(() => Deno.removeSignalListener(signal, listener));
  }
  return promise;
}

/**
 * Calls back at every SIGHUP, which otherwise ends the program. Calls do not
 * overlap: a signal during a call starts another call after it.
 */
export function onHangup(callback: () => Promise<void>): void {
  let calling = Promise.resolve();
  Deno.addSignalListener("SIGHUP", () => calling = calling.then(callback));
}

/**
 * The message as one line without control characters and tokens. It may quote an
 * argument, which can contain any character, or be a token where the name of its
 * file belongs. Under systemd, stderr is a log.
 */
function oneLine(message: string): string {
  return redactTokens(message).replace(/\s*[\r\n]\s*/g, " ")
    .replace(/\p{Cc}/gu, "?");
}
