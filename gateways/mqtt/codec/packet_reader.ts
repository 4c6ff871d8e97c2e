/**
 * Reads the fields of one packet, one after the other.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../../../protocol/bytes.ts";
import { type ReasonName, Violation } from "./reason_codes.ts";
import { isMqttText } from "../../utf8.ts";

/**
 * Reads fields from a buffer. After the first fault, which `violation` tells,
 * every field is empty: so a decoder looks for faults once, at the end.
 */
export class PacketReader {
  /** What is wrong with the packet; undefined if nothing is. */
  violation: Violation | undefined;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #end = 0;

  /** Begins with the bytes from `start` to `end`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.violation = undefined;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Reports a violation; the first one counts. */
  refuse(reason: ReasonName, detail: string): void {
    this.violation ??= new Violation(reason, detail);
    this.#at = this.#end;
  }

  byte(): number {
    return this.#has(1) ? this.#bytes[this.#at++] : 0;
  }

  uint16(): number {
    if (!this.#has(2)) return 0;
    const value = this.#bytes[this.#at] << 8 | this.#bytes[this.#at + 1];
    this.#at += 2;
    return value;
  }

  uint32(): number {
    return this.uint16() * 0x10000 + this.uint16();
  }

  /** A packet identifier, which is not 0. */
  packetId(): number {
    const id = this.uint16();
    if (id === 0) this.refuse("protocol error", "a packet identifier is 0");
    return id;
  }

  /** An integer of one to four bytes. */
  variableInteger(): number {
    let value = 0;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 && shift > 0) break;
      return value;
    }
    this.refuse("malformed packet", "an integer is not in its shortest form");
    return 0;
  }

  /** Text in UTF-8, with its length before it. */
  text(): ByteString {
    const length = this.uint16();
    if (!this.#has(length)) return "";
    const start = this.#at;
    this.#at += length;
    if (!isMqttText(this.#bytes, start, this.#at)) {
      this.refuse(
        "malformed packet",
        "a text is not UTF-8, or has a zero byte",
      );
      return "";
    }
    return decodeBytes(this.#bytes, start, start + length);
  }

  /** Bytes with their length before them. */
  binary(): ByteString {
    const length = this.uint16();
    if (!this.#has(length)) return "";
    this.#at += length;
    return decodeBytes(this.#bytes, this.#at - length, this.#at);
  }

  /** All bytes that are left. */
  rest(): ByteString {
    const start = this.#at;
    this.#at = this.#end;
    return decodeBytes(this.#bytes, start, this.#end);
  }

  /** Skips bytes. */
  skip(count: number): void {
    if (this.#has(count)) this.#at += count;
  }

  #has(count: number): boolean {
    if (this.#end - this.#at >= count) return true;
    this.refuse("malformed packet", "the packet ends within a field");
    return false;
  }
}
