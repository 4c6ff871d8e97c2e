/**
 * Times for tests, in seconds.
 *
 * @module
 */
import { addSeconds, type Timestamp } from "../../protocol/time.ts";

/** The time at some POSIX seconds. */
export function timestampOf(seconds: number): Timestamp {
  return addSeconds({ seconds: 0, nanoseconds: 0 }, seconds);
}
