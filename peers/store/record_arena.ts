/**
 * Where the table keeps its reports: one behind the other in large stretches of
 * memory. A string, a map's entry and a copy of the key would cost more than
 * the line itself, and each would be another place to fetch from memory, which
 * is what an update mostly costs. Here a client costs its line and a head of 20
 * bytes, and both are in one place.
 *
 * A head is five numbers of 32 bits: the addresses of the next record in the same
 * leaf and of the one before it; the lower half of the line's fingerprint; the upper half; and the
 * line's length together with where in it the client's ID begins.
 *
 * @module
 */
import {
  allocateBuffer,
  copyBytes,
  indexOfByte,
} from "../../protocol/bytes.ts";
import type { Report } from "../../protocol/report.ts";
import { compareLines } from "../../protocol/report.ts";

/**
 * Where a record is: the number of its stretch, and behind that its place in
 * it, counted in units. 0 is nowhere.
 */
export type Address = number;

const headBytes = 20;
const [nextAt, previousAt, lowAt, highAt, shapeAt] = [0, 1, 2, 3, 4];

/** Records begin at multiples of this, in bytes. */
const unitBytes = 8;
const wordsPerUnit = 2;

/** A stretch has 2^17 units: a mebibyte. */
const unitBits = 17;
const unitsPerBlock = 2 ** unitBits;
const unitMask = unitsPerBlock - 1;

/** The first one begins with 16 KiB, for servers that know few clients. */
const startUnits = 2 ** 11;

/** And it grows by this factor when it is full. */
const growth = 4;

/** Of the number that holds a line's shape, so many bits are the offset's. */
const offsetBits = 8;
const offsetMask = 2 ** offsetBits - 1;

const space = 0x20;

/** The same memory, by bytes and by numbers of 32 bits. */
interface Block {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

function allocateBlock(units: number): Block {
  const bytes = allocateBuffer(units * unitBytes);
  return { bytes, words: new Uint32Array(bytes.buffer) };
}

/** An address has 32 bits. */
const maxBlocks = 2 ** (32 - unitBits);

/**
 * The size of the record for a line, in units: rounded up, by an eighth at most,
 * to one of a few dozen sizes, so that the room of one that has gone is of use
 * to others.
 */
function unitsOf(lineBytes: number): number {
  const units = Math.ceil((headBytes + lineBytes) / unitBytes);
  if (units < 16) return units;
  const step = 2 ** (28 - Math.clz32(units));
  return Math.ceil(units / step) * step;
}

/** Reports at addresses. */
export class RecordArena {
  #blocks: Block[] = [allocateBlock(startUnits)];
  /** Where the last stretch is free. Nothing is at address 0. */
  #nextUnit = 1;
  /** What was given back, by size in units. */
  #free = new Map<number, Address[]>();

  /** Keeps a copy of a report, in front of the first one in its leaf. */
  add(report: Report, fingerprint: number, first: Address): Address {
    const address = this.#allocate(unitsOf(report.end - report.start));
    this.#link(0, address);
    this.#link(address, first);
    this.#write(address, report, fingerprint);
    return address;
  }

  /**
   * Keeps a copy of a report in place of another. Returns its address: the same
   * if it has as much room there as it needs.
   */
  replace(address: Address, report: Report, fingerprint: number): Address {
    const units = unitsOf(report.end - report.start);
    let newAddress = address;
    if (units !== unitsOf(this.#lengthOf(address))) {
      const [previous, next] = [this.previousOf(address), this.nextOf(address)];
      newAddress = this.#allocate(units);
      this.#link(previous, newAddress);
      this.#link(newAddress, next);
      this.#release(address);
    }
    this.#write(newAddress, report, fingerprint);
    return newAddress;
  }

  /** Takes a record out of its leaf, and gives its room back. */
  remove(address: Address): void {
    this.#link(this.previousOf(address), this.nextOf(address));
    this.#release(address);
  }

  #release(address: Address): void {
    const units = unitsOf(this.#lengthOf(address));
    const free = this.#free.get(units);
    if (free === undefined) this.#free.set(units, [address]);
    else free.push(address);
  }

  /** Gives all room back. */
  clear(): void {
    this.#blocks.length = 1;
    this.#nextUnit = 1;
    this.#free.clear();
  }

  /** Whether a record is about the same client as a report. */
  isAbout(address: Address, report: Report): boolean {
    const { bytes, clientEnd, clientStart } = report;
    const records = this.#blockOf(address).bytes;
    const start = this.#lineStart(address) + this.#offsetOf(address);
    const idBytes = clientEnd - clientStart;
    for (let index = 0; index < idBytes; index++) {
      if (records[start + index] !== bytes[clientStart + index]) return false;
    }
    return records[start + idBytes] === space;
  }

  /** Whether a report is newer than the one in a record. */
  isOlder(address: Address, report: Report): boolean {
    const records = this.#blockOf(address).bytes;
    const start = this.#lineStart(address);
    const end = start + this.#lengthOf(address);
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

  /** Fills in where a record's line is; good until the record changes. */
  read(address: Address, report: Report): void {
    const { bytes } = this.#blockOf(address);
    report.bytes = bytes;
    report.start = this.#lineStart(address);
    report.end = report.start + this.#lengthOf(address);
    report.clientStart = report.start + this.#offsetOf(address);
    report.clientEnd = indexOfByte(
      bytes,
      space,
      report.clientStart,
      report.end,
    );
    report.timeStart =
      indexOfByte(bytes, space, report.clientEnd + 1, report.end) + 1;
  }

  /** The fingerprint of a record's line. */
  fingerprintOf(address: Address): number {
    const { words } = this.#blockOf(address);
    const at = wordOf(address);
    return words[at + highAt] * 2 ** 32 + words[at + lowAt];
  }

  /** The next record in the same leaf; 0 behind the last. */
  nextOf(address: Address): Address {
    return this.#blockOf(address).words[wordOf(address) + nextAt];
  }

  /** The one before it; 0 in front of the first. */
  previousOf(address: Address): Address {
    return this.#blockOf(address).words[wordOf(address) + previousAt];
  }

  /** Makes one record follow another; either may be 0, for none. */
  #link(one: Address, other: Address): void {
    if (one !== 0) {
      this.#blockOf(one).words[wordOf(one) + nextAt] = other;
    }
    if (other !== 0) {
      this.#blockOf(other).words[wordOf(other) + previousAt] = one;
    }
  }

  #blockOf(address: Address): Block {
    return this.#blocks[address >>> unitBits];
  }

  #lineStart(address: Address): number {
    return (address & unitMask) * unitBytes + headBytes;
  }

  #lengthOf(address: Address): number {
    const { words } = this.#blockOf(address);
    return words[wordOf(address) + shapeAt] >>> offsetBits;
  }

  #offsetOf(address: Address): number {
    const { words } = this.#blockOf(address);
    return words[wordOf(address) + shapeAt] & offsetMask;
  }

  #allocate(units: number): Address {
    const free = this.#free.get(units)?.pop();
    if (free !== undefined) return free;
    if (this.#nextUnit + units > unitsPerBlock) {
      if (this.#blocks.length === maxBlocks) {
        throw new RangeError("32 GiB of reports is the most");
      }
      this.#blocks.push(allocateBlock(unitsPerBlock));
      this.#nextUnit = 0;
    }
    const block = this.#blocks.length - 1;
    const endBytes = (this.#nextUnit + units) * unitBytes;
    while (endBytes > this.#blocks[block].bytes.length) this.#growFirst();
    const address = block * unitsPerBlock + this.#nextUnit;
    this.#nextUnit += units;
    return address;
  }

  /** Makes the first stretch larger; it is the only one that can be full. */
  #growFirst(): void {
    const { bytes } = this.#blocks[0];
    const larger = allocateBlock(bytes.length / unitBytes * growth);
    larger.bytes.set(bytes);
    this.#blocks[0] = larger;
  }

  /** Writes a record's line, and its head but for its neighbours. */
  #write(address: Address, report: Report, fingerprint: number): void {
    const { bytes, clientStart, end, start } = report;
    const block = this.#blockOf(address);
    const at = wordOf(address);
    const offset = clientStart - start;
    // Both have limits far below: a name has 64 bytes, and a line 64 KiB.
    if (offset > offsetMask) {
      throw new RangeError("a server's name is too long");
    }
    block.words[at + lowAt] = fingerprint;
    block.words[at + highAt] = Math.floor(fingerprint / 2 ** 32);
    block.words[at + shapeAt] = (end - start) << offsetBits | offset;
    copyBytes(bytes, start, end, block.bytes, this.#lineStart(address));
  }
}

/** The place of a record's head among the numbers of its stretch. */
function wordOf(address: Address): number {
  return (address & unitMask) * wordsPerUnit;
}
