/**
 * How programs end: 0 when all went well, 1 when something outside was in the
 * way, 2 when the command line was wrong; in both of the latter with one clear
 * line, and never with a stack trace for what a user did.
 *
 * @module
 */
import { SetupError, setupError } from "../runtime/setup_error.ts";
import { UsageError } from "./arguments.ts";
import { note } from "./write.ts";

export { SetupError, setupError };

/**
 * Nobody reads what the program prints, such as `head` when it has seen enough.
 * Exit status 0, as that is no fault.
 */
export class OutputClosedError extends Error {
  /** Always `OutputClosedError`. */
  override readonly name = "ReaderGoneError";
}

/**
 * Runs a program's main function and exits: with `Deno.exitCode`, which is 0 if
 * nobody has set it, or with the status of what was thrown.
 *
 * @param command Whose `--help` a usage error points to: the program's, or with
 * a subcommand `herd status`.
 */
export async function runProgram(
  name: string,
  main: () => Promise<void>,
  command = name,
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
    if (error instanceof SetupError) {
      note(`${name}: ${oneLine(error.message)}`);
      Deno.exit(1);
    }
    if (error instanceof OutputClosedError) Deno.exit();
    throw error;
  }
}

/** Calls back with the reason when the program dies of what nobody expected. */
export function onCrash(callback: (reason: string) => void): void {
  addEventListener("error", ({ error, message }) => {
    callback(error instanceof Error ? `${error.stack}` : message);
  });
  addEventListener("unhandledrejection", ({ reason }) => {
    callback(reason instanceof Error ? `${reason.stack}` : String(reason));
  });
}

/** What asks every program to stop. Windows knows no SIGTERM. */
const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Resolves at the first signal that asks the program to stop, with its name. A
 * second one ends the program at once.
 *
 * @param others Signals that ask for it too.
 */
export function nextSignal(
  ...others: readonly Deno.Signal[]
): Promise<Deno.Signal> {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  const signals = [...stopSignals, ...others];
  const listeners = signals.map((signal) => {
    const listener = () => {
      for (const [index, other] of signals.entries()) {
        Deno.removeSignalListener(other, listeners[index]);
      }
      resolve(signal);
    };
    Deno.addSignalListener(signal, listener);
    return listener;
  });
  return promise;
}

/**
 * Calls back at every SIGHUP, which otherwise ends the program. One call at a
 * time: a signal that comes meanwhile has another one follow.
 */
export function onHangup(callback: () => Promise<void>): void {
  let calling = Promise.resolve();
  Deno.addSignalListener("SIGHUP", () => calling = calling.then(callback));
}

/** A message may quote what the user typed, and that may hold anything. */
function oneLine(message: string): string {
  return message.replace(/\s*[\r\n]\s*/g, " ").replace(/\p{Cc}/gu, "?");
}
