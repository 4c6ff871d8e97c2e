/**
 * Frames of WebSocket clients as byte strings, for tests. They are written apart
 * from the codec of the server.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";

const { fromCharCode } = String;

/** What a frame has besides its payload. */
export interface FrameChoices {
  /** By default 1, a text. */
  readonly opcode?: number;
  readonly isFinal?: boolean;
  readonly isMasked?: boolean;
  /** The three reserved bits. */
  readonly reserved?: number;
  readonly mask?: ByteString;
}

function bigEndian(value: number, bytes: number): ByteString {
  let text = "";
  for (let rest = value, left = bytes; left > 0; left--) {
    text = fromCharCode(rest % 256) + text;
    rest = Math.floor(rest / 256);
  }
  return text;
}

/** A frame's head without the mask. `length` is that of the payload, in bytes. */
export function head(
  length: number,
  { isFinal = true, isMasked = true, opcode = 1, reserved = 0 }: FrameChoices =
    {},
): ByteString {
  const first = fromCharCode((isFinal ? 128 : 0) + 16 * reserved + opcode);
  const bit = isMasked ? 128 : 0;
  if (length < 126) return first + fromCharCode(bit + length);
  return length < 65_536
    ? first + fromCharCode(bit + 126) + bigEndian(length, 2)
    : first + fromCharCode(bit + 127) + bigEndian(length, 8);
}

/** A frame of a client. */
export function frame(
  payload: ByteString,
  choices: FrameChoices = {},
): ByteString {
  const { isMasked = true, mask = "\x12\xf3\x00\x87" } = choices;
  const start = head(payload.length, choices);
  if (!isMasked) return start + payload;
  const masked = Array.from(
    payload,
    (byte, index) =>
      fromCharCode(byte.charCodeAt(0) ^ mask.charCodeAt(index % 4)),
  );
  return start + mask + masked.join("");
}

export const binary: FrameChoices = { opcode: 2 };

/** A frame that closes the connection. */
export function close(code?: number, reason = ""): ByteString {
  const payload = code === undefined ? "" : bigEndian(code, 2) + reason;
  return frame(payload, { opcode: 8 });
}

/** A frame of the server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: ByteString;
}

/** Splits a stream of the server into frames, which have to be whole and final. */
export function splitFrames(stream: ByteString): ServerFrame[] {
  const frames: ServerFrame[] = [];
  const at = (index: number) => stream.charCodeAt(index);
  for (let start = 0; start < stream.length;) {
    if (at(start) < 128) throw new Error("a frame is not final");
    let length = at(start + 1);
    let next = start + 2;
    if (length > 127) throw new Error("a frame of the server is masked");
    if (length > 125) {
      const bytes = length === 126 ? 2 : 8;
      length = 0;
      for (let index = 0; index < bytes; index++) {
        length = length * 256 + at(next + index);
      }
      next += bytes;
    }
    if (next + length > stream.length) throw new Error("a frame is not whole");
    const payload = stream.slice(next, next + length);
    frames.push({ opcode: at(start) & 15, payload });
    start = next + length;
  }
  return frames;
}

/** The code of the last frame, which closes the connection. */
export function closeCodeOf(stream: ByteString): number | undefined {
  const last = splitFrames(stream).at(-1);
  if (last?.opcode !== 8) return undefined;
  return last.payload.charCodeAt(0) * 256 + last.payload.charCodeAt(1);
}
