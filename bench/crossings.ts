/**
 * Counts in the logs of a herd how many updates it was told of, and how often
 * one crossed a link: exact, and it costs the servers nothing more.
 *
 * @module
 */

/** What the logs of all servers of a herd hold. */
export interface Crossings {
  /** Lines that clients sent. */
  updates: number;
  /** AT lines that servers sent to neighbours. */
  crossings: number;
}

const space = 0x20;
const lineFeed = 0x0a;

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

/** How the records begin that count, behind the time and the connection. */
const fromClient = {
  connection: bytesOf("client/"),
  text: bytesOf("<- IAMAT "),
};
const toNeighbour = { connection: bytesOf("peer/"), text: bytesOf("-> AT ") };

function isAt(
  bytes: Uint8Array,
  start: number,
  expected: readonly number[],
): boolean {
  return expected.every((byte, index) => bytes[start + index] === byte);
}

/** Counts the records of a part of a log, which holds whole lines only. */
export function countRecords(bytes: Uint8Array, counted: Crossings): void {
  let start = 0;
  while (start < bytes.length) {
    const lineEnd = bytes.indexOf(lineFeed, start);
    const end = lineEnd < 0 ? bytes.length : lineEnd;
    const connection = bytes.indexOf(space, start) + 1;
    const text = bytes.indexOf(space, connection) + 1;
    const is = (record: typeof fromClient) =>
      isAt(bytes, connection, record.connection) &&
      isAt(bytes, text, record.text);
    if (connection > start && text > connection && text < end) {
      if (is(fromClient)) counted.updates += 1;
      else if (is(toNeighbour)) counted.crossings += 1;
    }
    start = end + 1;
  }
}

/** A log is read in parts of so many bytes. */
const partBytes = 1024 * 1024;

/**
 * Counts what a log file holds from a byte on, and returns up to where: what is
 * added to it later can be counted from there. A line that is not whole yet is
 * left for then.
 */
export async function countLog(
  path: string,
  counted: Crossings,
  fromByte = 0,
): Promise<number> {
  using file = await Deno.open(path);
  await file.seek(fromByte, Deno.SeekMode.Start);
  let countedTo = fromByte;
  const buffer = new Uint8Array(partBytes);
  // How much at the beginning of the buffer is left of a line that is not whole.
  let kept = 0;
  while (true) {
    const count = await file.read(buffer.subarray(kept));
    if (count === null) return countedTo;
    const filled = kept + count;
    const whole = buffer.lastIndexOf(lineFeed, filled - 1) + 1;
    countRecords(buffer.subarray(0, whole), counted);
    buffer.copyWithin(0, whole, filled);
    kept = filled - whole;
    countedTo += whole;
  }
}
