/**
 * The framer and the decoder of MQTT, `gateways/mqtt/codec/`.
 *
 * For every stream, and each of the three versions:
 *
 * - the packets do not depend on the chunks, and are those of a naive framer;
 * - a packet is decoded, or violates the protocol for a known reason, and
 *   nothing follows a violation;
 * - topics and filters are valid UTF-8 without U+0000, and are in the packet;
 *   a topic has no wildcard; a payload is the end of its packet;
 * - a message with QoS 1 or 2 has an identifier; there are at most 64 filters.
 *
 * @module
 */
import { decodePacket } from "../../../gateways/mqtt/codec/decode.ts";
import { PacketFramer } from "../../../gateways/mqtt/codec/framer.ts";
import type {
  ClientPacket,
  Level,
} from "../../../gateways/mqtt/codec/packets.ts";
import {
  reasonCodes,
  Violation,
} from "../../../gateways/mqtt/codec/reason_codes.ts";
import { maxFilters } from "../../../gateways/mqtt/limits.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
  strictTextOfBytes,
} from "../../../protocol/bytes.ts";
import { chunkings } from "../chunks.ts";
import {
  demand,
  demandAlike,
  demandSame,
  magnitude,
  type Target,
} from "../target.ts";

/** The largest packet here, in bytes: inputs are short. */
const maxPacketBytes = 4_096;

const { fromCharCode } = String;

/**
 * The stream of an input. A byte 0xF5 begins a packet, whose length is filled
 * in; 0xFD begins a text, with its length, and 0xFC ends it. No mutation would
 * hit the right lengths, and UTF-8 has no such bytes.
 */
function streamOf(input: ByteString): ByteString {
  const [raw, ...packets] = input.split("\xf5");
  return raw + packets.map((packet) => {
    const body = packet.slice(1).replace(
      /\xfd([^\xfc]*)\xfc?/g,
      (_, text) =>
        fromCharCode(text.length >> 8 & 255, text.length & 255) + text,
    );
    return packet.slice(0, 1) + lengthOf(body.length) + body;
  }).join("");
}

function lengthOf(length: number): ByteString {
  return length < 128
    ? fromCharCode(length)
    : fromCharCode(length % 128 + 128) + lengthOf(Math.floor(length / 128));
}

/** A packet as its bytes, or the reason why there are no further ones. */
type Framed = { readonly header: number; readonly body: ByteString } | string;

/** Reads the packets of a stream, which comes in chunks. */
function frame(
  chunks: readonly ByteString[],
  createFramer: () => PacketFramer,
): Framed[] {
  const framer = createFramer();
  const found: Framed[] = [];
  for (const chunk of chunks) {
    framer.push(encodeBytes(chunk), chunk.length);
    while (framer.next()) {
      const { bytes, end, header, start } = framer;
      found.push({ header, body: decodeBytes(bytes, start, end) });
    }
    demand("little memory", framer.unfinishedBytes <= 2 * maxPacketBytes);
    if (framer.violation === undefined) continue;
    found.push(framer.violation.reason);
    break;
  }
  return found;
}

/** The same by the letter of the standard. */
function frameNaively(stream: ByteString): Framed[] {
  const found: Framed[] = [];
  for (let at = 0; at < stream.length;) {
    const [, , digits] = /^([^])([\x80-\xff]{0,3}[\0-\x7f])/
      .exec(stream.slice(at)) ?? [];
    if (digits === undefined) {
      const isEndless = /^[^][\x80-\xff]{4}/.test(stream.slice(at));
      return isEndless ? [...found, "malformed packet"] : found;
    }
    const length = [...digits].reduceRight(
      (sum, digit) => sum * 128 + digit.charCodeAt(0) % 128,
      0,
    );
    const start = at + 1 + digits.length;
    if (start - at + length > maxPacketBytes) {
      return [...found, "packet too large"];
    }
    if (start + length > stream.length) return found;
    const body = stream.slice(start, start + length);
    found.push({ header: stream.charCodeAt(at), body });
    at = start + length;
  }
  return found;
}

/** Decodes one packet. */
export type Decode = (
  header: number,
  body: ByteString,
  level: Level,
) => ClientPacket | Violation;

/** The decoder of the server. */
export function decode(
  header: number,
  body: ByteString,
  level: Level,
): ClientPacket | Violation {
  return decodePacket(header, encodeBytes(body), 0, body.length, level);
}

/**
 * @param createFramer Creates the framer under test.
 * @param decodeOne The decoder under test.
 */
export function mqttPacketsTarget(
  createFramer = () => new PacketFramer(maxPacketBytes),
  decodeOne: Decode = decode,
): Target {
  return {
    name: "mqtt_packets",
    tokens: [
      "\xf5\x32\xfdowntracks/a/b\xfc\0\x01",
      "\xf5\x30\xfda\xfc",
      "\xf5\x34\xfda\xfc\0\x02\0",
      "\xf5\x82\0\x01\xfd#\xfc\x01",
      "\xf5\xa2\0\x01\xfd+/a\xfc",
      "\xf5\x62\0\x01",
      "\xf5\xc0",
      "\xf5\xe0",
      "\xf5",
      "\xfd",
      "\xfc",
      "\0",
      "\x01",
      "\x02\x23\0\x01",
      "\x05\x26\0\0\0\0",
      "\x80\x80\x80\x01",
      "\xed\xa0\x80",
      "\xc3\xa4",
      "x".repeat(130),
    ],
    check(input) {
      const level = 3 + input.charCodeAt(0) % 3;
      if (!isLevel(level)) return "nothing";
      const stream = streamOf(input.slice(1));
      const expected = frameNaively(stream);
      for (const chunks of chunkings(stream)) {
        demandAlike("the packets", frame(chunks, createFramer), expected);
      }
      const signatures = new Set<string>();
      for (const framed of expected) {
        if (typeof framed === "string") {
          signatures.add(framed);
          continue;
        }
        const { body, header } = framed;
        const packet = decodeOne(header, body, level);
        signatures.add(checkPacket(packet, header, body));
        if (packet instanceof Violation) break;
      }
      return `${level} ${[...signatures].slice(0, 3).join()} ${
        magnitude(expected.length)
      }`;
    },
  };
}

function isLevel(level: number): level is Level {
  return level === 3 || level === 4 || level === 5;
}

function checkPacket(
  packet: ClientPacket | Violation,
  header: number,
  body: ByteString,
): string {
  if (packet instanceof Violation) {
    demand("a known reason", packet.reason in reasonCodes);
    return `${header >> 4} ${packet.detail}`;
  }
  switch (packet.type) {
    case "publish": {
      const { packetId, payload, qos, topic } = packet;
      const length = body.charCodeAt(0) * 256 + body.charCodeAt(1);
      demandSame("the topic", topic, body.slice(2, 2 + length));
      checkText(topic);
      demand("no wildcard", topic !== "" && !/[+#]/.test(topic));
      demand("a payload", body.endsWith(payload));
      demandSame("the QoS", qos, header >> 1 & 3);
      demandSame("an identifier", packetId > 0, qos > 0);
      return `publish ${qos} ${magnitude(payload.length)}`;
    }
    case "subscribe": {
      const { filters, packetId } = packet;
      checkFilters(filters.map(({ filter }) => filter), packetId, body);
      return `subscribe ${magnitude(filters.length)}`;
    }
    case "unsubscribe":
      checkFilters(packet.filters, packet.packetId, body);
      return `unsubscribe ${magnitude(packet.filters.length)}`;
    default:
      return packet.type;
  }
}

function checkFilters(
  filters: readonly ByteString[],
  packetId: number,
  body: ByteString,
): void {
  demand("an identifier", packetId > 0);
  demand("filters", filters.length > 0 && filters.length <= maxFilters);
  for (const filter of filters) {
    checkText(filter);
    demand("the filter", body.includes(filter));
  }
}

function checkText(text: ByteString): void {
  demand("no U+0000", !text.includes("\0"));
  // Throws if it is not UTF-8.
  strictTextOfBytes(text);
}
