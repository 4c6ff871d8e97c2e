/**
 * Frames to be sent to a client.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { OutputBuffer } from "../output_buffer.ts";
import {
  type CloseCode,
  makeClose,
  maxHeadBytes,
  type MessageKind,
  opcodes,
  writeHead,
} from "./frames.ts";

const head = new Uint8Array(maxHeadBytes);

/** Frames, one after the other. */
export class FrameWriter extends OutputBuffer {
  /** A frame with some bytes. */
  frame(kind: MessageKind | "pong" | "ping", payload: Uint8Array): void {
    this.#head(kind, payload.length);
    this.append(payload);
  }

  /** A frame with a text. */
  message(kind: MessageKind, payload: ByteString): void {
    this.#head(kind, payload.length);
    this.text(payload);
  }

  /** The frame that closes the connection. */
  close(code: CloseCode, detail: string): void {
    const frame = makeClose(code, detail);
    this.reserve(frame.length);
    this.append(frame);
  }

  #head(kind: MessageKind | "pong" | "ping", length: number): void {
    this.reserve(maxHeadBytes + length);
    this.append(head.subarray(0, writeHead(head, 0, opcodes[kind], length)));
  }
}
