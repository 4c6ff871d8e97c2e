/**
 * Parses `/status.json`. The sender may have another version, or may be no
 * server of a herd.
 *
 * @module
 */
import { type HerdStatus, statusVersion } from "./status.ts";

/** The answer is no status. The message says why, in one line. */
export class StatusError extends Error {
  /** Always `StatusError`. */
  override readonly name = "StatusError";
}

/**
 * Parses the text of `/status.json`. Only the version and the list of servers
 * are checked.
 *
 * @throws {StatusError} If one of the two is wrong.
 */
export function readStatus(text: string): HerdStatus {
  let status;
  try {
    status = JSON.parse(text);
  } catch {
    throw new StatusError("the answer is not JSON");
  }
  if (typeof status !== "object" || !Array.isArray(status?.servers)) {
    throw new StatusError("the answer is not the status of a herd");
  }
  if (status.version !== statusVersion) {
    throw new StatusError(
      `the status has version ${JSON.stringify(status.version)}, and this ` +
        `program reads version ${statusVersion}`,
    );
  }
  return status;
}
