/**
 * Errors that prevent a server or a command from starting. Each has a message
 * of one line.
 *
 * @module
 */

/** A port, a file or another resource cannot be used. Exit status 1. */
export class SetupError extends Error {
  /** Always `SetupError`. */
  override readonly name = "SetupError";
}

/** Another program listens on a port, or another server does. */
export class PortInUseError extends SetupError {
  readonly hostname: string;
  readonly port: number;

  constructor(hostname: string, port: number) {
    super(`port ${port} of ${hostname} is in use`);
    this.hostname = hostname;
    this.port = port;
  }
}

/** The command line is wrong. Exit status 2. */
export class UsageError extends Error {
  /** Always `UsageError`. */
  override readonly name = "UsageError";
}

/** A SetupError for an error of the system: `what: message`. */
export function setupError(what: string, error: unknown): SetupError {
  const message = error instanceof Error ? error.message : String(error);
  return new SetupError(`${what}: ${message}`, { cause: error });
}
