/**
 * The errors that keep a server or a command from starting. Each has a message
 * of one line.
 *
 * @module
 */

/** Something outside is in the way: a port, a file. Exit status 1. */
export class SetupError extends Error {
  /** Always `SetupError`. */
  override readonly name = "SetupError";
}

/** The command line is wrong. Exit status 2. */
export class UsageError extends Error {
  /** Always `UsageError`. */
  override readonly name = "UsageError";
}

/** An error of the system as one line, behind what was tried. */
export function setupError(what: string, error: unknown): SetupError {
  const why = error instanceof Error ? error.message : String(error);
  return new SetupError(`${what}: ${why}`, { cause: error });
}
