/**
 * A leaf of the digest tree: the newest reports of a handful of clients, one
 * behind the other in one stretch of bytes. A string, a map's entry and a copy
 * of the key would cost more than the line itself; here a client costs its line
 * and a head of 14 bytes.
 *
 * A record's head: 2 bytes of the client's hash, to pass over others quickly; 3
 * of the line's length; 2 that say where in the line the ID begins; 7 of the
 * line's fingerprint. Numbers begin with their lowest byte.
 *
 * @module
 */
import { allocateBuffer, indexOfByte } from "../protocol/bytes.ts";
import { compareLines, type Report } from "../protocol/report.ts";

/** Where a record is in a leaf: the index of its first byte. */
export type Place = number;

const lengthAt = 2;
const clientAt = 5;
const fingerprintAt = 7;
const headBytes = 14;

/** A leaf that grows gets this share of its size as room for more. */
const spareShare = 1 / 4;

/** Sizes are multiples of this, so that freed ones are used again. */
const sizeStep = 64;

/** The longest line whose length the head can tell, in bytes. */
const maxRecordBytes = 2 ** 24 - 1;

const space = 0x20;

/** The records of one leaf. */
export class Leaf {
  #bytes: Uint8Array = new Uint8Array();
  #usedBytes = 0;

  get isEmpty(): boolean {
    return this.#usedBytes === 0;
  }

  /** The record about a report's client; -1 if there is none. */
  find(tag: number, { bytes, clientEnd, clientStart }: Report): Place {
    const records = this.#bytes;
    for (let place = 0; place < this.#usedBytes;) {
      const length = this.#lengthOf(place);
      const isTagged = (records[place] | records[place + 1] << 8) === tag;
      if (
        isTagged && this.#isAbout(place, length, bytes, clientStart, clientEnd)
      ) return place;
      place += headBytes + length;
    }
    return -1;
  }

  /** Whether a report is newer than the one in a record about its client. */
  isOlder(place: Place, report: Report): boolean {
    const records = this.#bytes;
    const start = place + headBytes;
    const end = start + this.#lengthOf(place);
    let timeStart = end;
    while (records[timeStart - 1] !== space) timeStart -= 1;
    return compareLines(
      report.bytes,
      report.start,
      report.timeStart,
      report.end,
      records,
      start,
      timeStart,
      end,
    ) > 0;
  }

  /** Adds a record about a client that has none. */
  add(tag: number, report: Report, fingerprint: number): void {
    const place = this.#usedBytes;
    this.#resize(place, 0, headBytes + report.end - report.start);
    this.#bytes[place] = tag;
    this.#bytes[place + 1] = tag >>> 8;
    this.#write(place, report, fingerprint);
  }

  /** Puts a report in the place of the one that is there. */
  replace(place: Place, report: Report, fingerprint: number): void {
    const length = this.#lengthOf(place);
    const newLength = report.end - report.start;
    if (length !== newLength) {
      this.#resize(place + headBytes, length, newLength);
    }
    this.#write(place, report, fingerprint);
  }

  /** Takes a record out. */
  remove(place: Place): void {
    this.#resize(place, headBytes + this.#lengthOf(place), 0);
  }

  /** The fingerprint of a record's line. */
  fingerprintOf(place: Place): number {
    const at = place + fingerprintAt;
    const bytes = this.#bytes;
    const low = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
      bytes[at + 3] << 24;
    const high = bytes[at + 4] | bytes[at + 5] << 8 | bytes[at + 6] << 16;
    return high * 2 ** 32 + (low >>> 0);
  }

  /** Fills in where a record's line is. The leaf must not change meanwhile. */
  read(place: Place, report: Report): void {
    const bytes = this.#bytes;
    report.bytes = bytes;
    report.start = place + headBytes;
    report.end = report.start + this.#lengthOf(place);
    report.clientStart = report.start + this.#clientOffset(place);
    report.clientEnd = indexOfByte(
      bytes,
      space,
      report.clientStart,
      report.end,
    );
    report.timeStart =
      indexOfByte(bytes, space, report.clientEnd + 1, report.end) + 1;
  }

  /** The first record's place, if it is not empty. */
  static readonly first: Place = 0;

  /** The place of the next record; undefined behind the last. */
  next(place: Place): Place | undefined {
    const next = place + headBytes + this.#lengthOf(place);
    return next < this.#usedBytes ? next : undefined;
  }

  #lengthOf(place: Place): number {
    const bytes = this.#bytes;
    return bytes[place + lengthAt] | bytes[place + lengthAt + 1] << 8 |
      bytes[place + lengthAt + 2] << 16;
  }

  #clientOffset(place: Place): number {
    return this.#bytes[place + clientAt] |
      this.#bytes[place + clientAt + 1] << 8;
  }

  #isAbout(
    place: Place,
    length: number,
    bytes: Uint8Array,
    clientStart: number,
    clientEnd: number,
  ): boolean {
    const records = this.#bytes;
    const start = place + headBytes + this.#clientOffset(place);
    const idBytes = clientEnd - clientStart;
    if (start + idBytes >= place + headBytes + length) return false;
    for (let index = 0; index < idBytes; index++) {
      if (records[start + index] !== bytes[clientStart + index]) return false;
    }
    return records[start + idBytes] === space;
  }

  /** Writes a record's head, but for the hash, and its line. */
  #write(place: Place, report: Report, fingerprint: number): void {
    const { bytes, clientStart, end, start } = report;
    const records = this.#bytes;
    const length = end - start;
    const offset = clientStart - start;
    const low = fingerprint | 0;
    const high = Math.floor(fingerprint / 2 ** 32);
    records[place + lengthAt] = length;
    records[place + lengthAt + 1] = length >>> 8;
    records[place + lengthAt + 2] = length >>> 16;
    records[place + clientAt] = offset;
    records[place + clientAt + 1] = offset >>> 8;
    const at = place + fingerprintAt;
    records[at] = low;
    records[at + 1] = low >>> 8;
    records[at + 2] = low >>> 16;
    records[at + 3] = low >>> 24;
    records[at + 4] = high;
    records[at + 5] = high >>> 8;
    records[at + 6] = high >>> 16;
    const shift = place + headBytes - start;
    for (let index = start; index < end; index++) {
      records[index + shift] = bytes[index];
    }
  }

  /** Makes the stretch of `size` bytes at `at` as long as `newSize`. */
  #resize(at: number, size: number, newSize: number): void {
    if (newSize > maxRecordBytes) {
      throw new RangeError(`a line of ${newSize} bytes is too long to keep`);
    }
    const usedBytes = this.#usedBytes + newSize - size;
    if (usedBytes > this.#bytes.length || usedBytes < this.#bytes.length / 2) {
      const room = usedBytes * (1 + spareShare);
      const other = allocateBuffer(Math.ceil(room / sizeStep) * sizeStep);
      other.set(this.#bytes.subarray(0, at));
      other.set(
        this.#bytes.subarray(at + size, this.#usedBytes),
        at + newSize,
      );
      this.#bytes = other;
    } else {
      this.#bytes.copyWithin(at + newSize, at + size, this.#usedBytes);
    }
    this.#usedBytes = usedBytes;
  }
}
