/**
 * The memory of the report table: records in large blocks. A client takes its
 * line and a head of 20 bytes, which are adjacent. Together, a string, a map
 * entry and a copy of the key would be larger than the line. Each would also be
 * another cache miss, and these are most of the cost of storing a report.
 *
 * A head is five numbers of 32 bits: the address of the next record in the same
 * leaf; that of the previous one; the lower and the upper half of the line's
 * fingerprint; and the line's length with the offset of the client's ID in it.
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
 * The address of a record: the index of its block in the high bits, and its
 * offset in the block, in units, in the low bits. 0 stands for no record.
 */
export type Address = number;

const headBytes = 20;
const [nextAt, previousAt, lowAt, highAt, shapeAt] = [0, 1, 2, 3, 4];

/** Records begin at multiples of this, in bytes. */
const unitBytes = 8;
const wordsPerUnit = 2;

/** A block has 2^17 units, which are 1 MiB. */
const unitBits = 17;
const unitsPerBlock = 2 ** unitBits;
const unitMask = unitsPerBlock - 1;

/** The first block starts with 16 KiB, as many servers have few clients. */
const startUnits = 2 ** 11;

/** The first block grows by this factor when it is full. */
const growth = 4;

/** How many low bits of the number at `shapeAt` are the client ID's offset. */
const offsetBits = 8;
const offsetMask = 2 ** offsetBits - 1;

const space = 0x20;

/** One block of memory, as bytes and as numbers of 32 bits. */
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
 * The size of a line's record, in units. It is rounded up, by at most an eighth,
 * to one of a few dozen sizes, so that freed records can be used again.
 */
function unitsOf(lineBytes: number): number {
  const units = Math.ceil((headBytes + lineBytes) / unitBytes);
  if (units < 16) return units;
  const step = 2 ** (28 - Math.clz32(units));
  return Math.ceil(units / step) * step;
}

/** Allocates records, and links those of a leaf into a list. */
export class RecordArena {
  #blocks: Block[] = [allocateBlock(startUnits)];
  /** The first free unit of the last block. No record is at address 0. */
  #nextUnit = 1;
  /** The addresses of freed records, by size in units. */
  #free = new Map<number, Address[]>();

  /** Stores a copy of a report, before the first record of its leaf. */
  add(report: Report, fingerprint: number, first: Address): Address {
    const address = this.#allocate(unitsOf(report.end - report.start));
    this.#link(0, address);
    this.#link(address, first);
    this.#write(address, report, fingerprint);
    return address;
  }

  /**
   * Replaces a record by a copy of a report. Returns its address, which stays
   * the same if the size does.
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

  /** Unlinks a record from its leaf, and frees it. */
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

  /** Frees all records. */
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

  /** Whether a record is older than a report. */
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

  /** Makes `report` a view of a record, valid until the record changes. */
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

  /** The next record in the same leaf; 0 after the last. */
  nextOf(address: Address): Address {
    return this.#blockOf(address).words[wordOf(address) + nextAt];
  }

  /** The previous record in the same leaf; 0 before the first. */
  previousOf(address: Address): Address {
    return this.#blockOf(address).words[wordOf(address) + previousAt];
  }

  /** Links two records as neighbours in a list; either may be 0, for none. */
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
        throw new RangeError("reports take more than 32 GiB");
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

  /** Enlarges the first block; the others have their full size at once. */
  #growFirst(): void {
    const { bytes } = this.#blocks[0];
    const larger = allocateBlock(bytes.length / unitBytes * growth);
    larger.bytes.set(bytes);
    this.#blocks[0] = larger;
  }

  /** Writes a record's line, and its head except for both addresses. */
  #write(address: Address, report: Report, fingerprint: number): void {
    const { bytes, clientStart, end, start } = report;
    const block = this.#blockOf(address);
    const at = wordOf(address);
    const offset = clientStart - start;
    // Names have at most 64 bytes and lines 64 KiB, far below these limits.
    if (offset > offsetMask) {
      throw new RangeError("a server's name is too long");
    }
    block.words[at + lowAt] = fingerprint;
    block.words[at + highAt] = Math.floor(fingerprint / 2 ** 32);
    block.words[at + shapeAt] = (end - start) << offsetBits | offset;
    copyBytes(bytes, start, end, block.bytes, this.#lineStart(address));
  }
}

/** The index of a record's head among the numbers of its block. */
function wordOf(address: Address): number {
  return (address & unitMask) * wordsPerUnit;
}
