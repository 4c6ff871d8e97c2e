/**
 * Writes records as rows: one array for each column, in PostgreSQL's binary form.
 * In this form, bytes are not escaped and numbers are not written in digits. So a
 * row takes about as much CPU time as all other work on a report.
 *
 * An array is
 *
 *     4 bytes   1, the number of dimensions
 *     4 bytes   0, as no element is null
 *     4 bytes   the number of the elements' type
 *     4 bytes   how many elements there are
 *     4 bytes   1, the index of the first one
 *     of each element 4 bytes with its length, and its bytes
 *
 * with numbers in big-endian order.
 *
 * @module
 */
import {
  allocateBuffer,
  copyBytes,
  decodeBytes,
  indexOfByte,
} from "../../../protocol/bytes.ts";
import { ReportTimes } from "../../../protocol/order.ts";
import type { Report } from "../../../protocol/report.ts";

/** The numbers of types. */
const types = { bytea: 17, bigint: 20, integer: 23, text: 25, double: 701 };

const headBytes = 20;

/** An array begins with this size, in bytes. */
const firstArrayBytes = 16 * 1024;

const space = 0x20;

/** The array of one column. */
class ArrayWriter {
  readonly #type: number;
  #bytes = allocateBuffer(firstArrayBytes);
  #view = new DataView(this.#bytes.buffer);
  #used = headBytes;

  constructor(type: number) {
    this.#type = type;
  }

  clear(): void {
    this.#used = headBytes;
  }

  /** The array, valid until `clear`. */
  finish(elements: number): Uint8Array {
    const view = this.#view;
    view.setInt32(0, elements === 0 ? 0 : 1);
    view.setInt32(4, 0);
    view.setInt32(8, this.#type);
    view.setInt32(12, elements);
    view.setInt32(16, 1);
    return this.#bytes.subarray(0, elements === 0 ? 12 : this.#used);
  }

  addInteger(value: number): void {
    const at = this.#next(4);
    this.#view.setInt32(at, value);
  }

  /** @param value Exact, and not negative. */
  addBigint(value: number): void {
    const at = this.#next(8);
    this.#view.setInt32(at, Math.floor(value / 2 ** 32));
    this.#view.setInt32(at + 4, value | 0);
  }

  addDouble(value: number): void {
    const at = this.#next(8);
    this.#view.setFloat64(at, value);
  }

  addBytes(source: DataView, start: number, end: number): void {
    const at = this.#next(end - start);
    copyBytes(source, start, end, this.#view, at);
  }

  /** Writes the length of an element. Returns where it begins. */
  #next(bytes: number): number {
    const at = this.#used + 4;
    this.#used = at + bytes;
    if (this.#used > this.#bytes.length) {
      const larger = allocateBuffer(2 * this.#used);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#view.setInt32(at - 4, bytes);
    return at;
  }
}

/** Writes the values of `insertRows`. */
export class RowEncoder {
  readonly #client = new ArrayWriter(types.bytea);
  readonly #effectiveSeconds = new ArrayWriter(types.bigint);
  readonly #effectiveNanoseconds = new ArrayWriter(types.integer);
  readonly #heardSeconds = new ArrayWriter(types.bigint);
  readonly #heardNanoseconds = new ArrayWriter(types.integer);
  readonly #timeSeconds = new ArrayWriter(types.bigint);
  readonly #timeNanoseconds = new ArrayWriter(types.integer);
  readonly #latitude = new ArrayWriter(types.double);
  readonly #longitude = new ArrayWriter(types.double);
  readonly #server = new ArrayWriter(types.text);
  readonly #line = new ArrayWriter(types.bytea);
  readonly #attributes = new ArrayWriter(types.bytea);
  /** In the order of the statement's values. */
  readonly #columns = [
    this.#client,
    this.#effectiveSeconds,
    this.#effectiveNanoseconds,
    this.#heardSeconds,
    this.#heardNanoseconds,
    this.#timeSeconds,
    this.#timeNanoseconds,
    this.#latitude,
    this.#longitude,
    this.#server,
    this.#line,
    this.#attributes,
  ];
  readonly #times = new ReportTimes();
  #rows = 0;

  /** How many rows there are. */
  get rows(): number {
    return this.#rows;
  }

  /** Removes all rows. */
  clear(): void {
    this.#rows = 0;
    for (const column of this.#columns) column.clear();
  }

  /** Adds a report. Its name in `server` is not used, but that of its line. */
  add(report: Report): void {
    const { bytes, clientEnd, clientStart, end, recordEnd, start, timeStart } =
      report;
    const { view } = report;
    const times = this.#times.read(report);
    this.#client.addBytes(view, clientStart, clientEnd);
    this.#effectiveSeconds.addBigint(times.effectiveSeconds);
    this.#effectiveNanoseconds.addInteger(times.effectiveNanoseconds);
    this.#heardSeconds.addBigint(times.heardSeconds);
    this.#heardNanoseconds.addInteger(times.heardNanoseconds);
    this.#timeSeconds.addBigint(times.timeSeconds);
    this.#timeNanoseconds.addInteger(times.timeNanoseconds);
    const positionStart = clientEnd + 1;
    const longitudeStart = startOfLongitude(bytes, positionStart);
    this.#latitude.addDouble(
      Number(decodeBytes(bytes, positionStart, longitudeStart)),
    );
    this.#longitude.addDouble(
      Number(decodeBytes(bytes, longitudeStart, timeStart - 1)),
    );
    const serverStart = start + "AT ".length;
    const serverEnd = indexOfByte(bytes, space, serverStart, end);
    this.#server.addBytes(view, serverStart, serverEnd);
    this.#line.addBytes(view, start, end);
    this.#attributes.addBytes(view, Math.min(end + 1, recordEnd), recordEnd);
    this.#rows += 1;
  }

  /** The values, valid until `clear`. */
  finish(): Uint8Array[] {
    return this.#columns.map((column) => column.finish(this.#rows));
  }
}

const [plus, minus] = [0x2b, 0x2d];

/** Where the second sign of a valid position is. */
function startOfLongitude(bytes: Uint8Array, positionStart: number): number {
  let at = positionStart + 1;
  while (bytes[at] !== plus && bytes[at] !== minus) at += 1;
  return at;
}
