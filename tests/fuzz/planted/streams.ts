/**
 * Faults in the readers of MQTT packets and WebSocket frames.
 *
 * @module
 */
import { PacketFramer } from "../../../gateways/mqtt/codec/framer.ts";
import { Violation } from "../../../gateways/mqtt/codec/reason_codes.ts";
import { decode, mqttPacketsTarget } from "../targets/mqtt_packets.ts";
import {
  readFrames,
  websocketFramesTarget,
} from "../targets/websocket_frames.ts";
import type { PlantedFault } from "./planted_fault.ts";

/** A framer that skips a byte above 0x7F if it comes alone. */
class ForgetfulFramer extends PacketFramer {
  override push(chunk: Uint8Array, count: number): void {
    const isForgotten = this.isUnfinished && count === 1 && chunk[0] >= 0x80;
    super.push(chunk, isForgotten ? 0 : count);
  }
}

/** Faults of both. */
export const streamFaults: readonly PlantedFault[] = [
  {
    fault: "a byte of a length or a text is skipped if it comes alone",
    target: mqttPacketsTarget(() => new ForgetfulFramer(4_096)),
    from: "publish",
  },
  {
    fault: "a topic may have a wildcard",
    target: mqttPacketsTarget(undefined, (header, body, level) => {
      const packet = decode(header, body, level);
      if (!(packet instanceof Violation) || header >> 4 !== 3) return packet;
      const other = decode(header, body.replaceAll("+", "_"), level);
      return "type" in other && other.type === "publish"
        ? { ...other, topic: other.topic.replaceAll("_", "+") }
        : packet;
    }),
    from: "publish",
  },
  {
    fault: "a filter may have a surrogate",
    target: mqttPacketsTarget(undefined, (header, body, level) => {
      const packet = decode(header, body, level);
      if (!(packet instanceof Violation) || header >> 4 !== 8) return packet;
      const other = decode(header, body.replace("\xed\xa0", "\xed\x80"), level);
      return "type" in other && other.type === "subscribe"
        ? {
          ...other,
          filters: other.filters.map((requested) => ({
            ...requested,
            filter: requested.filter.replace("\xed\x80", "\xed\xa0"),
          })),
        }
        : packet;
    }),
    from: "subscribe",
  },
  {
    fault: "an unmasked frame is taken",
    target: websocketFramesTarget((chunks) => {
      const stream = chunks.join("");
      const length = stream.charCodeAt(1);
      return length < 126 && stream.length >= length + 2
        ? readFrames([
          stream[0] + String.fromCharCode(length + 128) + "\0\0\0\0" +
          stream.slice(2),
        ])
        : readFrames(chunks);
    }),
    from: "text",
  },
  {
    fault: "a long frame whose length comes alone is a short one",
    target: websocketFramesTarget((chunks) =>
      readFrames(
        chunks.map((chunk) => chunk === "\xfe" ? "\xfd" : chunk),
      )
    ),
    from: "text",
  },
  {
    fault: "the close code that stands for none is taken",
    target: websocketFramesTarget((chunks) => {
      const found = readFrames(chunks);
      return chunks.join("").endsWith("\x11\x1e") && found.at(-1) === 1002
        ? [...found.slice(0, -1), ["close", "\x03\xed"]]
        : found;
    }),
    from: "text",
  },
];
