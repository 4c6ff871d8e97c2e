/**
 * Traffic logs that use text in place of bytes.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import type { TrafficLog } from "../../runtime/transport.ts";

/** Receives a connection's traffic as text, line by line. */
export interface TextTraffic {
  received(line: ByteString): void;
  sent(message: ByteString): void;
}

/** A traffic log that passes each line on as text, and always has room. */
export function trafficInText({ received, sent }: TextTraffic): TrafficLog {
  return {
    stampTime() {},
    received: (bytes, start, end) => received(decodeBytes(bytes, start, end)),
    sent: (bytes, start, end) => sent(decodeBytes(bytes, start, end)),
    whenDrained: () => undefined,
  };
}

/** Passes text to a traffic log. */
export function logText(traffic: TrafficLog): TextTraffic {
  return {
    received: (line) => traffic.received(encodeBytes(line), 0, line.length),
    sent: (message) => traffic.sent(encodeBytes(message), 0, message.length),
  };
}
