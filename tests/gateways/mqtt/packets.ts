/**
 * Packets of MQTT clients as byte strings, for tests. They are written apart
 * from the codec of the server.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../../../protocol/bytes.ts";

const { fromCharCode } = String;

/** A packet with the length of its body. */
export function packet(header: number, body: ByteString): ByteString {
  let length = "";
  let rest = body.length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    length += fromCharCode(rest > 0 ? digit + 128 : digit);
  } while (rest > 0);
  return fromCharCode(header) + length + body;
}

/** Two bytes. */
export function uint16(value: number): ByteString {
  return fromCharCode(value >> 8, value & 255);
}

/** Text with its length. */
export function text(value: string): ByteString {
  const bytes = bytesOfText(value);
  return uint16(bytes.length) + bytes;
}

/** Hexadecimal digits, as bytes. */
export function hex(digits: string): ByteString {
  return digits.replace(/\s/g, "")
    .replace(/../g, (pair) => fromCharCode(parseInt(pair, 16)));
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: ByteString): string {
  return Array.from(
    bytes,
    (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"),
  ).join("");
}

/** What a CONNECT has besides its client ID. */
export interface ConnectChoices {
  readonly level?: number;
  readonly clientId?: string;
  readonly isClean?: boolean;
  readonly keepAlive?: number;
  readonly properties?: ByteString;
  readonly will?: { readonly topic: string; readonly payload: string };
  readonly userName?: string;
  readonly password?: string;
}

/** A CONNECT; by default of MQTT 3.1.1 with the client ID `c`. */
export function connect(choices: ConnectChoices = {}): ByteString {
  const { clientId = "c", isClean = true, keepAlive = 0, level = 4 } = choices;
  const { password, properties = "", userName, will } = choices;
  const isFive = level === 5;
  const flags = (isClean ? 2 : 0) + (will ? 4 : 0) +
    (password === undefined ? 0 : 64) + (userName === undefined ? 0 : 128);
  return packet(
    0x10,
    text(level === 3 ? "MQIsdp" : "MQTT") + fromCharCode(level, flags) +
      uint16(keepAlive) +
      (isFive ? fromCharCode(properties.length) + properties : "") +
      text(clientId) +
      (will
        ? (isFive ? "\0" : "") + text(will.topic) + text(will.payload)
        : "") +
      (userName === undefined ? "" : text(userName)) +
      (password === undefined ? "" : text(password)),
  );
}

/** What a PUBLISH has besides topic and payload. */
export interface PublishChoices {
  readonly qos?: number;
  readonly id?: number;
  readonly level?: number;
  readonly isDuplicate?: boolean;
}

/** A PUBLISH; by default with QoS 1 and the identifier 1. */
export function publish(
  topic: string,
  payload: string,
  { id = 1, isDuplicate = false, level = 4, qos = 1 }: PublishChoices = {},
): ByteString {
  return packet(
    0x30 + 2 * qos + (isDuplicate ? 8 : 0),
    text(topic) + (qos === 0 ? "" : uint16(id)) + (level === 5 ? "\0" : "") +
      bytesOfText(payload),
  );
}

/** A location of OwnTracks. */
export function location(latitude: number, time: number): string {
  return `{"_type":"location","lat":${latitude},"lon":13.4,"tst":${time}}`;
}

/** A SUBSCRIBE with the identifier 7. */
export function subscribe(
  filters: readonly string[],
  { level = 4, options = 0 }: { level?: number; options?: number } = {},
): ByteString {
  return packet(
    0x82,
    uint16(7) + (level === 5 ? "\0" : "") +
      filters.map((filter) => text(filter) + fromCharCode(options)).join(""),
  );
}

/** An UNSUBSCRIBE with the identifier 8. */
export function unsubscribe(filter: string): ByteString {
  return packet(0xa2, uint16(8) + text(filter));
}

export const pingreq: ByteString = "\xc0\0";
export const disconnect: ByteString = "\xe0\0";

/** A packet of the server: its first byte and the rest. */
export interface Received {
  readonly header: number;
  readonly body: ByteString;
}

/** Splits a stream of the server into packets. All have to be whole. */
export function split(stream: ByteString): Received[] {
  const packets: Received[] = [];
  for (let at = 0; at < stream.length;) {
    const header = stream.charCodeAt(at);
    let [length, shift, byte] = [0, 1, 0];
    at += 1;
    do {
      byte = stream.charCodeAt(at);
      at += 1;
      length += (byte & 127) * shift;
      shift *= 128;
    } while (byte >= 128);
    if (at + length > stream.length) throw new Error("a packet is not whole");
    packets.push({ header, body: stream.slice(at, at + length) });
    at += length;
  }
  return packets;
}

/** The messages in a stream of the server, as `TOPIC PAYLOAD`; `!` is retained. */
export function messages(stream: ByteString): string[] {
  return split(stream).filter(({ header }) => header >> 4 === 3)
    .map(({ body, header }) => {
      const end = 2 + body.charCodeAt(0) * 256 + body.charCodeAt(1);
      const retained = header & 1 ? "!" : "";
      return `${retained}${body.slice(2, end)} ${body.slice(end)}`;
    });
}
