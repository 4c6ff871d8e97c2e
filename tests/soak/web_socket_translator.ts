/**
 * Translates lines into messages of a WebSocket at `/report`, a line in each.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { frame } from "../gateways/websocket/client_frames.ts";
import type { Translation, Translator } from "./translators.ts";

/** Frames with these opcodes have parts of messages. */
const dataOpcodes = [0, 1, 2];

const binary = 2;

/** Translates for one connection. */
export class WebSocketTranslator implements Translator {
  readonly greeting = [
    "GET /report HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: herd",
    "\r\n",
  ].join("\r\n");
  #received: ByteString = "";
  #isOpen = false;

  get isWithinAnswer(): boolean {
    return this.#received !== "";
  }

  report(line: ByteString): Translation {
    return messageOf(line);
  }

  query(line: ByteString): Translation {
    return messageOf(line);
  }

  invalid(line: ByteString): Translation {
    return messageOf(line);
  }

  receive(bytes: ByteString): ByteString {
    this.#received += bytes;
    if (!this.#isOpen) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd < 0) return "";
      if (!this.#received.startsWith("HTTP/1.1 101 ")) {
        return `${this.#received.replaceAll(/[\r\n]+/g, " ")}\n`;
      }
      this.#isOpen = true;
      this.#received = this.#received.slice(headEnd + 4);
    }
    let answers = "";
    for (let next; (next = this.#takeFrame()) !== undefined;) answers += next;
    return answers;
  }

  /** The data of the next frame; undefined if it is not whole. */
  #takeFrame(): ByteString | undefined {
    const text = this.#received;
    const byte = (index: number) => text.charCodeAt(index);
    if (text.length < 2) return undefined;
    const short = byte(1) & 127;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + lengthBytes;
    if (text.length < start) return undefined;
    let length = lengthBytes === 0 ? short : 0;
    for (let index = 2; index < start; index++) {
      length = length * 256 + byte(index);
    }
    if (text.length < start + length) return undefined;
    this.#received = text.slice(start + length);
    return dataOpcodes.includes(byte(0) & 15)
      ? text.slice(start, start + length)
      : "";
  }
}

function messageOf(line: ByteString): Translation {
  return {
    bytes: frame(`${line}\n`, { opcode: binary }),
    expectation: "exact",
  };
}
