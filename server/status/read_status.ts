/**
 * Reads what a server says about itself. It may be of another version, or no
 * server at all.
 *
 * @module
 */
import { type HerdStatus, statusVersion } from "./status.ts";

/** What was answered is no status. The message says why, in one line. */
export class StatusError extends Error {
  /** Always `StatusError`. */
  override readonly name = "StatusError";
}

/**
 * Reads the text of `/status.json`. Whoever serves it is believed in what it
 * says, once it is of this version.
 *
 * @throws {StatusError} If it is not of this shape.
 */
export function readStatus(text: string): HerdStatus {
  let status;
  try {
    status = JSON.parse(text);
  } catch {
    throw new StatusError("what it answers is not JSON");
  }
  if (typeof status !== "object" || !Array.isArray(status?.servers)) {
    throw new StatusError("what it answers is no status of a herd");
  }
  if (status.version !== statusVersion) {
    throw new StatusError(
      `its status is of version ${JSON.stringify(status.version)}, and this ` +
        `program reads version ${statusVersion}`,
    );
  }
  return status;
}
