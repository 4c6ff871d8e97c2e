/**
 * The reader of WebSocket frames, `gateways/websocket/frames.ts`.
 *
 * For every stream, the messages, frames of control and the fault at the end do
 * not depend on the chunks, and are those of a naive reader of whole streams.
 *
 * @module
 */
import { FrameReader } from "../../../gateways/websocket/frames.ts";
import { maxFrameBytes } from "../../../gateways/websocket/limits.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
  strictTextOfBytes,
} from "../../../protocol/bytes.ts";
import { chunkings } from "../chunks.ts";
import { demand, demandAlike, magnitude, type Target } from "../target.ts";

const { fromCharCode } = String;
const mask = "\x12\xf3\x00\x87";

function masked(payload: ByteString, key: ByteString): ByteString {
  return Array.from(
    payload,
    (byte, index) =>
      fromCharCode(byte.charCodeAt(0) ^ key.charCodeAt(index % 4)),
  ).join("");
}

/**
 * The stream of an input. A byte 0xF5 begins a frame: one byte with its opcode,
 * and its payload, to which length and mask are added. No mutation would hit
 * the right length.
 */
function streamOf(input: ByteString): ByteString {
  const [raw, ...frames] = input.split("\xf5");
  return raw + frames.map((frame) => {
    const payload = frame.slice(1);
    const { length } = payload;
    const size = length < 126
      ? fromCharCode(128 + length)
      : fromCharCode(254, length >> 8 & 255, length & 255);
    return frame.slice(0, 1) + size + mask + masked(payload, mask);
  }).join("");
}

/** An event with its payload, or the code of the fault at the end. */
export type Found = readonly [event: string, payload: ByteString] | number;

/** Reads a stream, which comes in chunks. */
export type ReadFrames = (chunks: readonly ByteString[]) => Found[];

/** The reader of the server. */
export function readFrames(chunks: readonly ByteString[]): Found[] {
  const reader = new FrameReader();
  const found: Found[] = [];
  for (const chunk of chunks) {
    reader.push(encodeBytes(chunk), chunk.length);
    for (let event; (event = reader.next()) !== undefined;) {
      found.push([event, decodeBytes(reader.bytes, reader.start, reader.end)]);
      if (event === "close") return found;
    }
    demand("little memory", reader.unfinishedBytes <= 3 * maxFrameBytes);
    if (reader.fault !== undefined) return [...found, reader.fault.code];
  }
  return found;
}

/** Whether bytes are UTF-8. */
function isText(bytes: ByteString): boolean {
  try {
    strictTextOfBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The same by the letter of RFC 6455, for a stream that is known as a whole. */
function readNaively(stream: ByteString): Found[] {
  const found: Found[] = [];
  const number = (start: number, bytes: number) =>
    [...stream.slice(start, start + bytes)]
      .reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);
  let message: { kind: string; text: ByteString } | undefined;
  for (let at = 0; at + 2 <= stream.length;) {
    const [first, second] = [number(at, 1), number(at + 1, 1)];
    const opcode = first % 16;
    const isFinal = first >= 128;
    const isControl = opcode >= 8;
    const isBad = first % 128 >= 16 || second < 128 ||
      ![0, 1, 2, 8, 9, 10].includes(opcode) ||
      isControl && (!isFinal || second % 128 > 125) ||
      opcode === 0 && message === undefined ||
      (opcode === 1 || opcode === 2) && message !== undefined;
    if (isBad) return [...found, 1002];
    const extra = second === 254 ? 2 : second === 255 ? 8 : 0;
    const keyAt = at + 2 + extra;
    if (keyAt + 4 > stream.length) return found;
    const length = extra === 0 ? second % 128 : number(at + 2, extra);
    const before = isControl ? 0 : message?.text.length ?? 0;
    if (before + length > maxFrameBytes) return [...found, 1009];
    const start = keyAt + 4;
    if (start + length > stream.length) return found;
    const payload = masked(
      stream.slice(start, start + length),
      stream.slice(keyAt, start),
    );
    at = start + length;
    if (isControl) {
      const fault = opcode === 8 ? faultOfClose(payload) : undefined;
      if (fault !== undefined) return [...found, fault];
      const event = opcode === 8 ? "close" : opcode === 9 ? "ping" : "pong";
      found.push([event, payload]);
      if (event === "close") return found;
      continue;
    }
    message ??= { kind: opcode === 1 ? "text" : "binary", text: "" };
    message.text += payload;
    if (!isFinal) continue;
    if (message.kind === "text" && !isText(message.text)) {
      return [...found, 1007];
    }
    found.push([message.kind, message.text]);
    message = undefined;
  }
  return found;
}

function faultOfClose(payload: ByteString): number | undefined {
  if (payload === "") return undefined;
  if (payload.length === 1) return 1002;
  const code = payload.charCodeAt(0) * 256 + payload.charCodeAt(1);
  const isKnown = code >= 1000 && code <= 1014 &&
      ![1004, 1005, 1006].includes(code) || code >= 3000 && code <= 4999;
  if (!isKnown) return 1002;
  return isText(payload.slice(2)) ? undefined : 1007;
}

/** @param read The reader under test. */
export function websocketFramesTarget(read: ReadFrames = readFrames): Target {
  return {
    name: "websocket_frames",
    tokens: [
      "\xf5\x81IAMAT a +1+2 3",
      "\xf5\x82",
      "\xf5\x01",
      "\xf5\x80",
      "\xf5\x00",
      "\xf5\x88\x03\xe8",
      "\xf5\x88\x03\xed",
      "\xf5\x89ping",
      "\xf5\x8a",
      "\xf5\xc1",
      "\x81\x01a",
      "\x81\xff\0\0\0\0\0\x01\0\x01",
      "\x81\xfe\0\x01\0\0\0\0a",
      "\xc3\xa4",
      "\xc3",
      "\xa4",
      "\xed\xa0\x80",
      "x".repeat(126),
    ],
    check(input) {
      const stream = streamOf(input);
      const expected = readNaively(stream);
      for (const chunks of chunkings(stream)) {
        demandAlike("the frames", read(chunks), expected);
      }
      const kinds = expected.map((found) =>
        typeof found === "number"
          ? found
          : `${found[0]}${magnitude(found[1].length)}`
      );
      return kinds.slice(0, 8).join();
    },
  };
}
