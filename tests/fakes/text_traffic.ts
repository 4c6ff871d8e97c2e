/**
 * Traffic in text, where a test would rather not count bytes.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import type { TrafficLog } from "../../runtime/transport.ts";

/** What a connection's traffic is told to, line by line. */
export interface TextTraffic {
  received(line: ByteString): void;
  sent(message: ByteString): void;
}

/** Traffic that hands each line on as text, and always has room. */
export function trafficInText({ received, sent }: TextTraffic): TrafficLog {
  return {
    stampTime() {},
    received: (bytes, start, end) => received(decodeBytes(bytes, start, end)),
    sent: (bytes, start, end) => sent(decodeBytes(bytes, start, end)),
    whenDrained: () => undefined,
  };
}

/** The way to tell text to traffic. */
export function tellText(traffic: TrafficLog): TextTraffic {
  return {
    received: (line) => traffic.received(encodeBytes(line), 0, line.length),
    sent: (message) => traffic.sent(encodeBytes(message), 0, message.length),
  };
}
