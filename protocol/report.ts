/**
 * Reports: the position of a client at a time, and the server that received it.
 * A report is its AT line. The origin writes the line once. From then on the
 * same bytes are stored, flooded, sent to clients and logged.
 *
 * What a device says besides are attributes. The AT line, or the AT line, a space
 * and the attributes, is the report's **record**. Servers store records and send
 * them to each other. Clients get the AT line alone.
 *
 * @module
 */
import { isAttributesField } from "./attributes.ts";
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
  decodeBytes,
  encodeBytes,
  encodeScratch,
  indexOfByte,
  LastView,
} from "./bytes.ts";
import { formatCommand, type Iamat } from "./command.ts";
import { IamatSpan } from "./iamat_span.ts";
import { isHeardInRange } from "./order.ts";
import { parsePosition, type Position } from "./position.ts";
import {
  maxDifferenceBytes,
  skipClockDifference,
  type Timestamp,
  writeClockDifference,
} from "./time.ts";

const space = 0x20;

const nothing = new Uint8Array();

/**
 * A report in a buffer, with the indices of its parts. One object is reused for
 * report after report, so anything that is kept must be copied.
 */
export class Report {
  /** The buffer with the AT line. */
  bytes: Uint8Array = nothing;
  /** Where the AT line begins. */
  start = 0;
  /** Where the AT line ends, without its LF. */
  end = 0;
  /** Where the record ends: at `end`, or after a space and the attributes. */
  recordEnd = 0;
  /** Where the client's ID begins. */
  clientStart = 0;
  clientEnd = 0;
  /** Where the client's time begins; it ends with the line. */
  timeStart = 0;
  /** The name of the origin. */
  server: ByteString = "";
  readonly #views = new LastView();

  /** A view of `bytes`. */
  get view(): DataView {
    return this.#views.of(this.bytes);
  }

  /** A copy of the AT line, without its LF. */
  get line(): ByteString {
    return decodeBytes(this.bytes, this.start, this.end);
  }

  /** A copy of the AT line and the attributes, if there are any. */
  get record(): ByteString {
    return decodeBytes(this.bytes, this.start, this.recordEnd);
  }

  /** A copy of the attributes; empty if there are none. */
  get attributes(): ByteString {
    return this.recordEnd === this.end
      ? ""
      : decodeBytes(this.bytes, this.end + 1, this.recordEnd);
  }

  /**
   * Where the record ends for a server that takes attributes, or for one that
   * does not.
   */
  endFor(takesAttributes: boolean): number {
    return takesAttributes ? this.recordEnd : this.end;
  }

  /** A copy of the client's ID. */
  get client(): ByteString {
    return decodeBytes(this.bytes, this.clientStart, this.clientEnd);
  }
}

/** Writes the reports of one origin. */
export class ReportWriter {
  readonly #server: ByteString;
  readonly #opening: Uint8Array;

  constructor(server: ByteString) {
    this.#server = server;
    this.#opening = encodeBytes(`AT ${server} `);
  }

  /** Most bytes that the record of this IAMAT and some attributes takes. */
  maxBytes(iamat: IamatSpan, attributes: ByteString = ""): number {
    const operandBytes = iamat.end - iamat.clientStart;
    const attributeBytes = attributes === "" ? 0 : 1 + attributes.length;
    return this.#opening.length + maxDifferenceBytes + 1 + operandBytes +
      attributeBytes;
  }

  /**
   * Writes the AT line of an IAMAT that was received at `now` into `target` at
   * `start`, and sets `report` to it. `target` must have room for `maxBytes`.
   *
   * @param attributes Valid attributes, as `formatAttributes` writes them; empty
   * if there are none.
   */
  write(
    now: Timestamp,
    iamat: IamatSpan,
    target: Uint8Array,
    start: number,
    report: Report,
    attributes: ByteString = "",
  ): void {
    const { bytes, clientEnd, clientStart, end, timeStart } = iamat;
    report.bytes = target;
    const opening = this.#opening;
    let at = start;
    for (let index = 0; index < opening.length; index++) {
      target[at++] = opening[index];
    }
    at = writeClockDifference(now, bytes, timeStart, end, target, at);
    target[at++] = space;
    const shift = at - clientStart;
    // The three operands are copied byte for byte.
    copyBytes(iamat.view, clientStart, end, report.view, at);
    report.start = start;
    report.end = end + shift;
    report.recordEnd = report.end;
    if (attributes !== "") appendAttributes(report, attributes);
    report.clientStart = at;
    report.clientEnd = clientEnd + shift;
    report.timeStart = timeStart + shift;
    report.server = this.#server;
  }
}

/** Writes a space and attributes after a report's line. */
function appendAttributes(report: Report, attributes: ByteString): void {
  const { bytes, end } = report;
  const recordEnd = end + 1 + attributes.length;
  bytes[end] = space;
  // They are short: this takes less time than a view for the encoder.
  for (let index = 0; index < attributes.length; index++) {
    bytes[end + 1 + index] = attributes.charCodeAt(index);
  }
  report.recordEnd = recordEnd;
}

/** The report of an IAMAT that `server` received at `now`. */
export function makeReport(
  server: ByteString,
  now: Timestamp,
  iamat: Iamat,
  attributes: ByteString = "",
): Report {
  const span = new IamatSpan();
  const line = formatCommand(iamat);
  if (!span.read(encodeScratch(line), 0, line.length)) {
    throw new TypeError(`Not an IAMAT: ${line}`);
  }
  const writer = new ReportWriter(server);
  const report = new Report();
  const target = allocateBuffer(writer.maxBytes(span, attributes));
  writer.write(now, span, target, 0, report, attributes);
  return report;
}

/** The operands of the line being parsed; reused for every line. */
const operands = new IamatSpan();

/** The name from `start` to `end`; undefined if no server has this name. */
export type FindServer = (
  bytes: Uint8Array,
  start: number,
  end: number,
) => ByteString | undefined;

/**
 * Parses the record from `start` to `end` that another server sent, and sets
 * `report` to it. False unless it has the exact form that `ReportWriter` writes,
 * with one space between fields and none around them, names a known server, was
 * heard at a time that a clock can have (`isHeardInRange`), and has valid
 * attributes or none.
 */
export function readReport(
  bytes: Uint8Array,
  start: number,
  end: number,
  findServer: FindServer,
  report: Report,
): boolean {
  if (end - start < 4 || bytes[start] !== 0x41) return false;
  if (bytes[start + 1] !== 0x54 || bytes[start + 2] !== space) return false;
  const serverEnd = indexOfByte(bytes, space, start + 3, end);
  if (serverEnd < 0) return false;
  const differenceEnd = skipClockDifference(bytes, serverEnd + 1, end);
  if (differenceEnd < 0 || bytes[differenceEnd] !== space) return false;
  if (!operands.readOperands(bytes, differenceEnd + 1, end)) return false;
  const lineEnd = operands.end;
  if (lineEnd !== end) {
    if (bytes[lineEnd] !== space) return false;
    if (!isAttributesField(bytes, lineEnd + 1, end)) return false;
  }
  const server = findServer(bytes, start + 3, serverEnd);
  if (server === undefined) return false;
  report.bytes = bytes;
  report.start = start;
  report.end = lineEnd;
  report.recordEnd = end;
  report.clientStart = operands.clientStart;
  report.clientEnd = operands.clientEnd;
  report.timeStart = operands.timeStart;
  report.server = server;
  return isHeardInRange(report);
}

/** Parses a record as `readReport` does; undefined if that returns false. */
export function parseReport(
  record: ByteString,
  isServer: (name: ByteString) => boolean,
): Report | undefined {
  const findServer: FindServer = (bytes, start, end) => {
    const name = decodeBytes(bytes, start, end);
    return isServer(name) ? name : undefined;
  };
  const report = new Report();
  return readReport(encodeBytes(record), 0, record.length, findServer, report)
    ? report
    : undefined;
}

/** The AT line of a valid record. */
export function lineOf(record: ByteString): ByteString {
  const end = attributesStart(record);
  return end < 0 ? record : record.slice(0, end);
}

/** The attributes of a valid record; empty if there are none. */
export function attributesOf(record: ByteString): ByteString {
  const end = attributesStart(record);
  return end < 0 ? "" : record.slice(end + 1);
}

/** The index of the space before the attributes, or -1. */
function attributesStart(record: ByteString): number {
  let at = -1;
  for (let fields = 0; fields < fieldsOfLine; fields++) {
    at = record.indexOf(" ", at + 1);
    if (at < 0) return at;
  }
  return at;
}

/** `AT`, server, clock difference, client, position and time. */
const fieldsOfLine = 6;

/** Server, clock difference, client, position and time of a valid AT line. */
export function fieldsOf(line: ByteString): ByteString[] {
  return line.split(" ").slice(1);
}

/** The origin of a valid AT line. */
export function serverOf(line: ByteString): ByteString {
  return line.slice(3, line.indexOf(" ", 3));
}

/** The client's ID in a valid AT line. */
export function clientOf(line: ByteString): ByteString {
  const serverEnd = line.indexOf(" ", 3);
  const clientStart = line.indexOf(" ", serverEnd + 1) + 1;
  return line.slice(clientStart, line.indexOf(" ", clientStart));
}

/** The position in a valid AT line. */
export function positionOf(line: ByteString): Position {
  const timeStart = line.lastIndexOf(" ");
  const positionStart = line.lastIndexOf(" ", timeStart - 1);
  const position = parsePosition(line.slice(positionStart + 1, timeStart));
  if (position === undefined) throw new TypeError(`Not an AT line: ${line}`);
  return position;
}

/** The client's time in a valid AT line, in POSIX seconds. */
export function timeOf(line: ByteString): ByteString {
  return line.slice(line.lastIndexOf(" ") + 1);
}
