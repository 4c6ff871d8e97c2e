/**
 * What the log shows of lines that are no commands. A client that expects a port
 * with tokens may send its token as a line, which the answer repeats after `?`. The
 * log shows the token in neither of the two.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeScratch,
} from "../protocol/bytes.ts";
import { redactTokens } from "../runtime/redact_tokens.ts";
import type { TrafficLog } from "../runtime/transport.ts";

/** The first byte of the reply to an invalid line. */
const questionMark = 0x3f;

/** Logs a received line that is no command. */
export function logInvalid(traffic: TrafficLog, line: ByteString): void {
  const shown = redactTokens(line);
  traffic.received(encodeScratch(shown), 0, shown.length);
}

/** Logs a reply, given its bytes without the last LF. */
export function logReply(
  traffic: TrafficLog,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (bytes[start] !== questionMark) return traffic.sent(bytes, start, end);
  const shown = redactTokens(decodeBytes(bytes, start, end));
  traffic.sent(encodeScratch(shown), 0, shown.length);
}
