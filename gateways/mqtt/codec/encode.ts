/**
 * Writes the packets of the server.
 *
 * @module
 */
import {
  bytesOfText,
  type ByteString,
  encodeBytes,
} from "../../../protocol/bytes.ts";
import { OutputBuffer } from "../../output_buffer.ts";
import { type Level, packetTypes } from "./packets.ts";
import { propertyIds } from "./properties.ts";
import { reasonCodes, type ReasonName, returnCodeOf } from "./reason_codes.ts";

/** Packets to be sent. */
export class PacketWriter extends OutputBuffer {
  /** An answer to CONNECT. */
  connack(level: Level, reason: ReasonName, properties: Properties = {}): void {
    if (level < 5) {
      const code = returnCodeOf(reason);
      if (code !== undefined) this.#small(packetTypes.connack << 4, 0, code);
      return;
    }
    const body = encodeProperties(properties);
    this.#head(packetTypes.connack << 4, 2 + body.length);
    this.byte(0);
    this.byte(reasonCodes[reason]);
    this.append(body);
  }

  /** An acknowledgement of a message. */
  acknowledge(
    type: "puback" | "pubrec" | "pubcomp",
    level: Level,
    packetId: number,
    reason: ReasonName = "success",
  ): void {
    const header = packetTypes[type] << 4;
    if (level < 5 || reason === "success") {
      return this.#small(header, packetId >> 8, packetId & 0xff);
    }
    this.#head(header, 3);
    this.uint16(packetId);
    this.byte(reasonCodes[reason]);
  }

  /** The answer to a SUBSCRIBE: a granted QoS or a reason for each filter. */
  suback(
    level: Level,
    packetId: number,
    results: readonly (number | ReasonName)[],
  ): void {
    const extra = level === 5 ? 3 : 2;
    this.#head(packetTypes.suback << 4, extra + results.length);
    this.uint16(packetId);
    if (level === 5) this.byte(0);
    for (const result of results) {
      if (typeof result === "number") this.byte(result);
      else this.byte(level === 5 ? reasonCodes[result] : 0x80);
    }
  }

  /** The answer to an UNSUBSCRIBE. */
  unsuback(
    level: Level,
    packetId: number,
    results: readonly ReasonName[],
  ): void {
    const header = packetTypes.unsuback << 4;
    if (level < 5) return this.#small(header, packetId >> 8, packetId & 0xff);
    this.#head(header, 3 + results.length);
    this.uint16(packetId);
    this.byte(0);
    for (const result of results) this.byte(reasonCodes[result]);
  }

  /** The answer to a sign of life. */
  pingresp(): void {
    this.reserve(2);
    this.byte(packetTypes.pingresp << 4);
    this.byte(0);
  }

  /** Says in MQTT 5 why the server ends the connection. */
  disconnect(reason: ReasonName, detail?: string): void {
    const body = encodeProperties({ reasonString: detail });
    this.#head(packetTypes.disconnect << 4, 1 + body.length);
    this.byte(reasonCodes[reason]);
    this.append(body);
  }

  /** A message with QoS 0. */
  publish(
    level: Level,
    topic: ByteString,
    payload: ByteString,
    isRetained: boolean,
  ): void {
    const extra = level === 5 ? 3 : 2;
    const header = packetTypes.publish << 4 | (isRetained ? 1 : 0);
    this.#head(header, extra + topic.length + payload.length);
    this.uint16(topic.length);
    this.text(topic);
    if (level === 5) this.byte(0);
    this.text(payload);
  }

  /** A packet with two bytes after its head. */
  #small(header: number, first: number, second: number): void {
    this.reserve(4);
    this.byte(header);
    this.byte(2);
    this.byte(first);
    this.byte(second);
  }

  #head(header: number, length: number): void {
    this.reserve(5 + length);
    this.byte(header);
    let rest = length;
    while (rest >= 0x80) {
      this.byte(rest & 0x7f | 0x80);
      rest >>= 7;
    }
    this.byte(rest);
  }
}

/** What a CONNACK or a DISCONNECT says in MQTT 5. */
export interface Properties {
  readonly sessionExpiry?: number;
  readonly assignedClientId?: ByteString;
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
  readonly subscriptionIdentifiersAvailable?: number;
  readonly sharedSubscriptionsAvailable?: number;
  readonly reasonString?: string;
}

/** Longest reason in words, in bytes. */
const maxReasonBytes = 200;

/** Properties with their length before them. */
function encodeProperties(properties: Properties): Uint8Array {
  const { assignedClientId, reasonString } = properties;
  const parts = [
    numberProperty("sessionExpiry", properties.sessionExpiry, 4),
    textProperty("assignedClientId", assignedClientId),
    textProperty(
      "reasonString",
      reasonString && bytesOfText(reasonString).slice(0, maxReasonBytes),
    ),
    numberProperty("receiveMaximum", properties.receiveMaximum, 2),
    numberProperty("maximumPacketSize", properties.maximumPacketSize, 4),
    numberProperty(
      "subscriptionIdentifiersAvailable",
      properties.subscriptionIdentifiersAvailable,
      1,
    ),
    numberProperty(
      "sharedSubscriptionsAvailable",
      properties.sharedSubscriptionsAvailable,
      1,
    ),
  ];
  const body = parts.join("");
  return encodeBytes(variableInteger(body.length) + body);
}

function numberProperty(
  name: keyof typeof propertyIds,
  value: number | undefined,
  bytes: 1 | 2 | 4,
): ByteString {
  if (value === undefined) return "";
  return String.fromCharCode(propertyIds[name]) + bigEndian(value, bytes);
}

function textProperty(
  name: keyof typeof propertyIds,
  value: ByteString | undefined,
): ByteString {
  if (value === undefined || value === "") return "";
  const id = String.fromCharCode(propertyIds[name]);
  return id + bigEndian(value.length, 2) + value;
}

function bigEndian(value: number, bytes: number): ByteString {
  let text = "";
  for (let shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    text += String.fromCharCode(Math.floor(value / 2 ** shift) & 0xff);
  }
  return text;
}

function variableInteger(value: number): ByteString {
  let text = "";
  let rest = value;
  while (rest >= 0x80) {
    text += String.fromCharCode(rest & 0x7f | 0x80);
    rest >>= 7;
  }
  return text + String.fromCharCode(rest);
}
