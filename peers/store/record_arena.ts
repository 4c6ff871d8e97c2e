/**
 * Stores reports as consecutive records in blocks of memory. A string, an entry
 * of a map and a copy of its key would take more memory than the line. Each
 * would also be fetched from memory separately, which takes most of the time to
 * store a report. Here a client takes its line, its attributes and a head of 24
 * bytes, in one place.
 *
 * A head is six numbers of 32 bits: the addresses of the next and the previous
 * record of the same leaf; the lower half of the record's fingerprint; the upper
 * half, and the number of unused units of the record; the length of its text, a
 * bit that says whether it has attributes, one that says whether it is in a chain
 * (`unchain`), one that says whether it has changed (`nextChanged`), and where in
 * the text the client's ID begins; the leaf of that chain, and the source that is
 * charged for it.
 *
 * New records are appended to the newest block. The room of removed records is
 * reclaimed by moving the other records out of the emptiest block, a few at a
 * time, and freeing that block. (M. Rosenblum, J. Ousterhout, "The Design and
 * Implementation of a Log-Structured File System", SOSP 1991.)
 *
 * @module
 */
import {
  allocateBuffer,
  copyBytes,
  indexOfByte,
} from "../../protocol/bytes.ts";
import {
  compareReports,
  isRepetition,
  type ReportParts,
} from "../../protocol/order.ts";
import { deletionIdOffset } from "../../protocol/deletion.ts";
import type { Report } from "../../protocol/report.ts";
import type { ChangedRecords } from "../../replica/records.ts";

/**
 * Where a record is: the number of its block, and its place in the block in
 * units. 0 is nowhere.
 */
export type Address = number;

/** Receives the new address of a record. */
export type OnMoved = (from: Address, to: Address) => void;

const headBytes = 24;
const [nextAt, previousAt, lowAt, highAt, shapeAt, leafAt] = [
  0,
  1,
  2,
  3,
  4,
  5,
];

/** Records begin at multiples of this, in bytes. */
const unitBytes = 8;
const wordsPerUnit = 2;

/** A block has 2^17 units: 1 MiB. */
const unitBits = 17;
const unitsPerBlock = 2 ** unitBits;
const unitMask = unitsPerBlock - 1;

/** The first block begins with 16 KiB, for servers with few clients. */
const startUnits = 2 ** 11;

/** It grows by this factor when it is full. */
const growth = 4;

/** Of the number that holds a text's shape, these bits are the ID's offset. */
const offsetBits = 8;
const offsetMask = 2 ** offsetBits - 1;

/** The next bit is `#chaining` if the record is in a chain. */
const chainingBit = 2 ** offsetBits;

/** The next one is set if the record has attributes. */
const attributesBit = 2 ** (offsetBits + 1);

/** The next one is set if the record has changed. The length is above it. */
const changedBit = 2 ** (offsetBits + 2);
const lengthShift = offsetBits + 3;

/** A fingerprint has 53 bits, so 21 are in the upper half. */
const highBits = 21;
const highMask = 2 ** highBits - 1;
const maxSpareUnits = 2 ** (32 - highBits) - 1;

/**
 * A block is emptied when the free room within the blocks exceeds this part of
 * the size of all records. A smaller part would mean more copying: with this
 * one, about four bytes are moved to reclaim a byte at random.
 */
export const maxFreeFraction = 1 / 4;

/** Units that are moved for each unit that becomes free, while a block is emptied. */
const movedPerFreed = 1 / maxFreeFraction;

/** An address has 32 bits. */
const maxBlocks = 2 ** (32 - unitBits);

const space = 0x20;

/** Of the number that holds a record's leaf, these bits are the source. */
const sourceBits = 16;
const sourceMask = 2 ** sourceBits - 1;

/** The same memory, as bytes, as a view and as numbers of 32 bits. */
interface Block {
  readonly number: number;
  /** Higher than that of each block before; numbers are used again. */
  readonly serial: number;
  bytes: Uint8Array;
  view: DataView;
  words: Uint32Array;
  /**
   * Where its free room begins. The records before it have no gaps between
   * them.
   */
  endUnit: number;
  /** The size of its records. */
  usedUnits: number;
  /** Where records are that have changed, and some that were removed since. */
  changed: number[];
}

/** Records of one block that have changed. */
interface BlockChanges {
  readonly block: Block;
  readonly units: readonly number[];
  /** How many of them were taken. */
  taken: number;
}

/**
 * A walk over records that can be suspended and resumed while records change.
 */
export interface Walk {
  /** The remaining blocks. */
  readonly blocks: Iterator<Block>;
  block: Block | undefined;
  unit: number;
}

type MutableParts = {
  -readonly [Part in keyof ReportParts]: ReportParts[Part];
};

/** Where a walk stands, as two whole numbers that stay valid. */
export interface Place {
  /** The serial number of a block. */
  readonly block: number;
  readonly unit: number;
}

/** The size of the record for a text, in units. */
function unitsFor(textBytes: number): number {
  return Math.ceil((headBytes + textBytes) / unitBytes);
}

/** The size of the record for a report, in bytes. */
export function recordBytes(report: Report): number {
  return unitsFor(report.recordEnd - report.start) * unitBytes;
}

/** Reports and deletions at addresses. */
export class RecordArena {
  readonly #onMoved: OnMoved;
  /** The record being compared; reused. */
  readonly #parts = {
    bytes: allocateBuffer(0),
    start: 0,
    clientStart: 0,
    timeStart: 0,
    end: 0,
    recordEnd: 0,
  } as MutableParts;
  /** By number, in the order in which they were opened. */
  readonly #inOrder = new Map<number, Block>();
  /** The same, to find one by its number. */
  readonly #blocks: (Block | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  /** The block that records are added to. */
  #newest: Block;
  /** The block that is being emptied, and the progress. */
  #emptied: Block | undefined;
  #emptiedTo = 0;
  #isMoving = false;
  /** `changedBit` if changes are noted, or 0. */
  #noting = 0;
  #changed = 0;
  #changedUnits = 0;
  /** The changes that are taken next. */
  #changes: BlockChanges[] = [];
  /** `chainingBit` or 0: the records with this one have a place in a chain. */
  #chaining = 0;
  #serials = 0;
  #usedUnits = 0;
  /** Units before the ends of all blocks, in use or free. */
  #filledUnits = 0;

  /** @param onMoved Called for each record that gets another address. */
  constructor(onMoved: OnMoved) {
    this.#onMoved = onMoved;
    this.#newest = this.#open(startUnits);
  }

  /** The size of all records, in bytes. */
  get usedBytes(): number {
    return this.#usedUnits * unitBytes;
  }

  /** The memory of all blocks, in bytes. */
  get allocatedBytes(): number {
    let bytes = 0;
    for (const block of this.#inOrder.values()) bytes += block.bytes.length;
    return bytes;
  }

  /**
   * Adds a copy of a report, as the first one of its leaf.
   *
   * @param first The record that was the first one; 0 for none.
   * @param source The number of the source that is charged for it; 0 for none.
   */
  add(
    report: Report,
    fingerprint: number,
    leaf: number,
    first: Address,
    source: number,
  ): Address {
    const address = this.#allocate(unitsFor(report.recordEnd - report.start));
    this.#write(address, report, fingerprint, 0);
    this.#setWord(address, leafAt, source);
    this.chain(address, leaf, first);
    return address;
  }

  /**
   * Takes all records out of their chains at once. Must not be called again
   * before each of them has a place again.
   */
  unchain(): void {
    this.#chaining ^= chainingBit;
  }

  /** Whether a record has a place in a chain. */
  isChained(address: Address): boolean {
    const word = this.#blockOf(address).words[wordOf(address) + shapeAt];
    return (word & chainingBit) === this.#chaining;
  }

  /** Puts a record that has no place in front of the first one of a leaf. */
  chain(address: Address, leaf: number, first: Address): void {
    const { words } = this.#blockOf(address);
    const at = wordOf(address);
    words[at + previousAt] = 0;
    words[at + nextAt] = 0;
    words[at + shapeAt] = words[at + shapeAt] & ~chainingBit | this.#chaining;
    words[at + leafAt] = leaf << sourceBits | words[at + leafAt] & sourceMask;
    this.#link(address, first);
  }

  /**
   * Replaces a record, which must be in a chain, by a copy of a report about the
   * same client. Returns its address: the same one if the text fits there.
   */
  replace(
    address: Address,
    report: Report,
    fingerprint: number,
    source: number,
  ): Address {
    const units = unitsFor(report.recordEnd - report.start);
    const unitsThere = this.#unitsOf(address);
    const spare = unitsThere - units;
    // A record that would be mostly unused is moved too.
    const fits = spare >= 0 && spare <= units && spare <= maxSpareUnits;
    const leafAndSource = this.leafOf(address) << sourceBits | source;
    if (fits) {
      this.#write(address, report, fingerprint, spare);
      this.#setWord(address, leafAt, leafAndSource);
      return address;
    }
    const [previous, next] = [this.previousOf(address), this.nextOf(address)];
    const newAddress = this.#allocate(units);
    this.#link(previous, newAddress);
    this.#link(newAddress, next);
    this.#write(newAddress, report, fingerprint, 0);
    this.#setWord(newAddress, leafAt, leafAndSource);
    this.#free(address);
    return newAddress;
  }

  /** Removes a record from its leaf, and frees its room. */
  remove(address: Address): void {
    this.#link(this.previousOf(address), this.nextOf(address));
    this.#free(address);
  }

  /** Frees everything. */
  clear(): void {
    this.#inOrder.clear();
    this.#blocks.length = 0;
    this.#freeNumbers.length = 0;
    this.#emptied = undefined;
    this.#changes = [];
    this.#usedUnits = 0;
    this.#filledUnits = 0;
    this.#newest = this.#open(startUnits);
  }

  /**
   * Moves records out of a block that is mostly empty, so that its memory can
   * be freed. Must be called after each change, when no address is in use.
   *
   * @param freedBytes The size that the change has freed. It determines the
   * amount of work, which keeps the free room within `maxFreeFraction`.
   */
  compact(freedBytes: number): void {
    let unitsLeft = freedBytes / unitBytes * movedPerFreed;
    while (unitsLeft > 0) {
      if (this.#emptied === undefined) {
        if (!this.#isWasteful) return;
        this.#emptied = this.#emptiest();
        if (this.#emptied === undefined) return;
      }
      unitsLeft -= this.#moveNext(this.#emptied);
    }
  }

  get #isWasteful(): boolean {
    return this.#filledUnits - this.#usedUnits >
      this.#usedUnits * maxFreeFraction + unitsPerBlock;
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

  /** Whether a record is a deletion. */
  isDeletion(address: Address): boolean {
    return this.#offsetOf(address) === deletionIdOffset;
  }

  /** Whether a report is newer than the one in a record. */
  isOlder(address: Address, report: Report): boolean {
    return compareReports(report, this.#partsOf(address)) > 0;
  }

  /**
   * Whether a report has the client, the position and the time of a record,
   * byte for byte.
   */
  isRepeated(address: Address, report: Report): boolean {
    return isRepetition(report, this.#lineOf(address));
  }

  /** Whether a record is that of a report, byte for byte. */
  isSame(address: Address, report: Report): boolean {
    const { bytes, recordEnd, start } = this.#lineOf(address);
    const shift = report.start - start;
    if (report.recordEnd - shift !== recordEnd) return false;
    // Two reports differ at the end, if anywhere.
    for (let at = recordEnd - 1; at >= start; at--) {
      if (bytes[at] !== report.bytes[at + shift]) return false;
    }
    return true;
  }

  /** Where the parts of a record's line are, until the next call. */
  #partsOf(address: Address): ReportParts {
    const parts = this.#lineOf(address);
    const { bytes } = parts;
    let timeStart = parts.end;
    while (bytes[timeStart - 1] !== space) timeStart -= 1;
    parts.timeStart = timeStart;
    return parts;
  }

  /** The same without the time, which has to be searched for. */
  #lineOf(address: Address): MutableParts {
    const { bytes, words } = this.#blockOf(address);
    const shape = words[wordOf(address) + shapeAt];
    const parts = this.#parts;
    parts.bytes = bytes;
    parts.start = this.#lineStart(address);
    parts.clientStart = parts.start + (shape & offsetMask);
    parts.recordEnd = parts.start + (shape >>> lengthShift);
    parts.end = (shape & attributesBit) === 0
      ? parts.recordEnd
      : lineEndBefore(bytes, parts.recordEnd);
    return parts;
  }

  /** Sets the place of a record's line; valid until a record changes. */
  read(address: Address, report: Report): void {
    const { bytes, words } = this.#blockOf(address);
    const shape = words[wordOf(address) + shapeAt];
    report.bytes = bytes;
    report.start = this.#lineStart(address);
    report.recordEnd = report.start + (shape >>> lengthShift);
    report.end = (shape & attributesBit) === 0
      ? report.recordEnd
      : lineEndBefore(bytes, report.recordEnd);
    report.clientStart = report.start + this.#offsetOf(address);
    report.clientEnd = indexOfByte(
      bytes,
      space,
      report.clientStart,
      report.end,
    );
    // A deletion has no position.
    report.timeStart = this.#offsetOf(address) === deletionIdOffset
      ? report.clientEnd + 1
      : indexOfByte(bytes, space, report.clientEnd + 1, report.end) + 1;
  }

  /** The fingerprint of a record. */
  fingerprintOf(address: Address): number {
    const { words } = this.#blockOf(address);
    const at = wordOf(address);
    return (words[at + highAt] & highMask) * 2 ** 32 + words[at + lowAt];
  }

  /** The number of the source that is charged for a record; 0 for none. */
  sourceOf(address: Address): number {
    return this.#blockOf(address).words[wordOf(address) + leafAt] & sourceMask;
  }

  /** The leaf of a record that is in a chain. */
  leafOf(address: Address): number {
    return this.#blockOf(address).words[wordOf(address) + leafAt] >>>
      sourceBits;
  }

  /** The size of a record, in bytes. */
  bytesOf(address: Address): number {
    return this.#unitsOf(address) * unitBytes;
  }

  /** The next record of the chain; 0 after the last, and without a chain. */
  nextOf(address: Address): Address {
    return this.#neighbourOf(address, nextAt);
  }

  /** The previous record; 0 before the first, and without a chain. */
  previousOf(address: Address): Address {
    return this.#neighbourOf(address, previousAt);
  }

  #neighbourOf(address: Address, at: number): Address {
    const { words } = this.#blockOf(address);
    const head = wordOf(address);
    const isChained = (words[head + shapeAt] & chainingBit) === this.#chaining;
    return isChained ? words[head + at] : 0;
  }

  /**
   * Starts a walk over all records, oldest block first. A record that is added
   * or moved during the walk is visited after those that were there before.
   */
  walk(): Walk {
    return { blocks: this.#inOrder.values(), block: undefined, unit: 0 };
  }

  /** The next record of a walk; 0 after the last. */
  next(walk: Walk): Address {
    while (true) {
      let { block } = walk;
      while (block === undefined || walk.unit >= block.endUnit) {
        const following = walk.blocks.next();
        if (following.done) return 0;
        walk.block = block = following.value;
        walk.unit = firstUnitOf(block);
      }
      const address = block.number * unitsPerBlock + walk.unit;
      const isThere = this.#lengthIn(block, walk.unit) > 0;
      walk.unit += this.#unitsIn(block, walk.unit);
      if (isThere) return address;
    }
  }

  /**
   * Goes on with a walk from where another one stood; after the block, if that
   * was given back. Any other place is taken for the next one.
   */
  walkFrom({ block: serial, unit }: Place): Walk {
    const walk = this.walk();
    for (const block of this.#inOrder.values()) {
      if (block.serial > serial) break;
      walk.blocks.next();
      walk.block = block;
      walk.unit = block.endUnit;
      if (block.serial < serial) continue;
      walk.unit = firstUnitOf(block);
      while (walk.unit < Math.min(unit, block.endUnit)) {
        walk.unit += this.#unitsIn(block, walk.unit);
      }
    }
    return walk;
  }

  /** Where a walk stands. */
  placeOf({ block, unit }: Walk): Place {
    return { block: block?.serial ?? 0, unit };
  }

  /** The first records of each block, up to a number of each. */
  *firstOfEachBlock(count: number): Generator<Address, undefined> {
    for (const block of this.#inOrder.values()) {
      const walk = { blocks: [].values(), block, unit: firstUnitOf(block) };
      for (let left = count; left > 0; left--) {
        const address = this.next(walk);
        if (address === 0) break;
        yield address;
      }
    }
  }

  /** Notes from now on which records change, or stops that. */
  noteChanges(isNoting: boolean): void {
    this.#noting = isNoting ? changedBit : 0;
  }

  /** The records that have changed and were not taken. */
  get changed(): ChangedRecords {
    return { records: this.#changed, bytes: this.#changedUnits * unitBytes };
  }

  /**
   * Takes a record that has changed, the one that changed first among those of
   * its block; 0 if there is none. One that changes again before it is taken is
   * taken once.
   */
  nextChanged(): Address {
    if (this.#changes.length === 0) this.#collectChanges();
    while (this.#changes.length > 0) {
      const [changes] = this.#changes;
      const { block, units } = changes;
      if (changes.taken === units.length) {
        this.#changes.shift();
        if (this.#changes.length === 0) this.#collectChanges();
        continue;
      }
      const unit = units[changes.taken++];
      const at = unit * wordsPerUnit + shapeAt;
      // It may have been removed or moved since.
      if ((block.words[at] & changedBit) === 0) continue;
      block.words[at] &= ~changedBit;
      this.#changed -= 1;
      this.#changedUnits -= this.#unitsIn(block, unit);
      return block.number * unitsPerBlock + unit;
    }
    return 0;
  }

  #collectChanges(): void {
    for (const block of this.#inOrder.values()) {
      if (block.changed.length === 0) continue;
      this.#changes.push({ block, units: block.changed, taken: 0 });
      block.changed = [];
    }
  }

  /** How many blocks there are. */
  get blocks(): number {
    return this.#inOrder.size;
  }

  /** Makes one record follow another; either may be 0, for none. */
  #link(one: Address, other: Address): void {
    if (one !== 0) this.#setWord(one, nextAt, other);
    if (other !== 0) this.#setWord(other, previousAt, one);
  }

  #setWord(address: Address, at: number, value: number): void {
    this.#blockOf(address).words[wordOf(address) + at] = value;
  }

  #blockOf(address: Address): Block {
    return this.#blocks[address >>> unitBits]!;
  }

  #lineStart(address: Address): number {
    return (address & unitMask) * unitBytes + headBytes;
  }

  #lengthOf(address: Address): number {
    return this.#lengthIn(this.#blockOf(address), address & unitMask);
  }

  /** The length of the text at a place of a block; 0 if it was removed. */
  #lengthIn({ words }: Block, unit: number): number {
    return words[unit * wordsPerUnit + shapeAt] >>> lengthShift;
  }

  #offsetOf(address: Address): number {
    const { words } = this.#blockOf(address);
    return words[wordOf(address) + shapeAt] & offsetMask;
  }

  #unitsOf(address: Address): number {
    return this.#unitsIn(this.#blockOf(address), address & unitMask);
  }

  /** The size of the record at a place of a block, present or removed. */
  #unitsIn({ words }: Block, unit: number): number {
    const at = unit * wordsPerUnit;
    const length = words[at + shapeAt] >>> lengthShift;
    return length === 0
      ? words[at + lowAt]
      : unitsFor(length) + (words[at + highAt] >>> highBits);
  }

  #allocate(units: number): Address {
    let block = this.#newest;
    if (block.endUnit + units > unitsPerBlock) {
      block = this.#newest = this.#open(unitsPerBlock);
    }
    while (block.endUnit + units > block.bytes.length / unitBytes) grow(block);
    const address = block.number * unitsPerBlock + block.endUnit;
    block.endUnit += units;
    block.usedUnits += units;
    this.#filledUnits += units;
    this.#usedUnits += units;
    return address;
  }

  /** Marks a record as removed. From now on its head has its size. */
  #free(address: Address): void {
    const block = this.#blockOf(address);
    const units = this.#unitsOf(address);
    const at = wordOf(address);
    if ((block.words[at + shapeAt] & changedBit) !== 0) {
      this.#changed -= 1;
      this.#changedUnits -= units;
    }
    block.words[at + shapeAt] = 0;
    block.words[at + lowAt] = units;
    block.usedUnits -= units;
    this.#usedUnits -= units;
    const isEmpty = block.usedUnits === 0 && !this.#isMoving;
    if (isEmpty && block !== this.#newest) this.#close(block);
  }

  #open(units: number): Block {
    const number = this.#freeNumbers.pop() ?? this.#blocks.length;
    if (number === maxBlocks) {
      throw new RangeError("the table cannot have more than 32 GiB");
    }
    const bytes = allocateBuffer(units * unitBytes);
    this.#serials += 1;
    const block = {
      number,
      serial: this.#serials,
      bytes,
      view: new DataView(bytes.buffer),
      words: new Uint32Array(bytes.buffer),
      endUnit: 0,
      usedUnits: 0,
      changed: [],
    };
    block.endUnit = firstUnitOf(block);
    this.#blocks[number] = block;
    this.#inOrder.set(number, block);
    return block;
  }

  #close(block: Block): void {
    if (block === this.#emptied) this.#emptied = undefined;
    this.#changes = this.#changes.filter((changes) => changes.block !== block);
    this.#filledUnits -= block.endUnit - firstUnitOf(block);
    this.#inOrder.delete(block.number);
    this.#blocks[block.number] = undefined;
    this.#freeNumbers.push(block.number);
  }

  /** The block with the least in use, other than the newest, if it is worth it. */
  #emptiest(): Block | undefined {
    let emptiest: Block | undefined;
    for (const block of this.#inOrder.values()) {
      if (block === this.#newest) continue;
      if (block.usedUnits < (emptiest?.usedUnits ?? unitsPerBlock)) {
        emptiest = block;
      }
    }
    if (emptiest !== undefined) this.#emptiedTo = firstUnitOf(emptiest);
    return emptiest;
  }

  /**
   * Moves the next record out of the block that is being emptied. Returns the
   * number of units of the block that were processed.
   */
  #moveNext(block: Block): number {
    const unit = this.#emptiedTo;
    const units = this.#unitsIn(block, unit);
    this.#emptiedTo += units;
    const isThere = this.#lengthIn(block, unit) > 0;
    if (isThere) this.#move(block.number * unitsPerBlock + unit);
    if (block.usedUnits === 0) this.#close(block);
    // Skipping a removed record costs little.
    return isThere ? units : 1;
  }

  #move(from: Address): void {
    const units = unitsFor(this.#lengthOf(from));
    const to = this.#allocate(units);
    const [source, target] = [this.#blockOf(from), this.#blockOf(to)];
    const [sourceUnit, targetUnit] = [from & unitMask, to & unitMask];
    copyBytes(
      source.view,
      sourceUnit * unitBytes,
      (sourceUnit + units) * unitBytes,
      target.view,
      targetUnit * unitBytes,
    );
    // It has no spare units there.
    const targetWord = targetUnit * wordsPerUnit;
    target.words[targetWord + highAt] &= highMask;
    if ((target.words[targetWord + shapeAt] & changedBit) !== 0) {
      this.#addChange(target, targetUnit, units);
    }
    this.#link(this.previousOf(from), to);
    this.#link(to, this.nextOf(from));
    this.#isMoving = true;
    this.#free(from);
    this.#isMoving = false;
    this.#onMoved(from, to);
  }

  /** Writes the text of a record in a chain, and the middle of its head. */
  #write(
    address: Address,
    report: Report,
    fingerprint: number,
    spareUnits: number,
  ): void {
    const { clientStart, end, recordEnd, start, view } = report;
    const block = this.#blockOf(address);
    const at = wordOf(address);
    const wasChanged = block.words[at + shapeAt] & changedBit;
    const offset = clientStart - start;
    // Both have lower limits: a name has 64 bytes, and a line 64 KiB.
    if (offset > offsetMask) {
      throw new RangeError("a server's name is too long");
    }
    block.words[at + lowAt] = fingerprint;
    block.words[at + highAt] = Math.floor(fingerprint / 2 ** 32) |
      spareUnits << highBits;
    block.words[at + shapeAt] = (recordEnd - start) << lengthShift |
      (recordEnd === end ? 0 : attributesBit) | this.#chaining | offset |
      wasChanged | this.#noting;
    if (this.#noting > wasChanged) {
      const unit = address & unitMask;
      this.#addChange(block, unit, this.#unitsIn(block, unit));
    }
    copyBytes(view, start, recordEnd, block.view, this.#lineStart(address));
  }

  #addChange(block: Block, unit: number, units: number): void {
    block.changed.push(unit);
    this.#changed += 1;
    this.#changedUnits += units;
  }
}

/** Makes the first block larger; it is the only one that can be too small. */
function grow(block: Block): void {
  const larger = allocateBuffer(
    Math.min(block.bytes.length * growth, unitsPerBlock * unitBytes),
  );
  larger.set(block.bytes);
  block.bytes = larger;
  block.view = new DataView(larger.buffer);
  block.words = new Uint32Array(larger.buffer);
}

/** Where the line ends in a record with attributes, which have no space. */
function lineEndBefore(bytes: Uint8Array, recordEnd: number): number {
  let end = recordEnd - 1;
  while (bytes[end] !== space) end -= 1;
  return end;
}

/** Nothing is at address 0. */
function firstUnitOf({ number }: Pick<Block, "number">): number {
  return number === 0 ? 1 : 0;
}

/** The place of a record's head among the numbers of its block. */
function wordOf(address: Address): number {
  return (address & unitMask) * wordsPerUnit;
}
