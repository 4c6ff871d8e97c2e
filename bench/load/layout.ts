/**
 * How the requests of a load are laid out in memory, and what all kinds of them
 * have in common.
 *
 * @module
 */

/** Requests of equal length, one for each client. */
export interface Requests {
  /** All requests, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly clients: number;
  readonly lengthBytes: number;
  /** Makes the request at an index of `bytes` newer; undefined if it stays. */
  readonly renew?: (start: number) => void;
  /** The first character of each reply. */
  readonly replyStart: string;
  /**
   * A reply ends with this many line feeds in a row, or all have the length of
   * the reply to `opening`.
   */
  readonly replyEnds: 1 | 2 | "length";
  /** What is sent first, alone, and how its reply begins. It is not counted. */
  readonly opening?: Opening;
}

/** The first bytes of a connection, and what the server has to answer. */
export interface Opening {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly replyStart: string;
}

/** A client's ID of 25 bytes. */
export function clientName(connection: number, client: number): string {
  const number = String(connection).padStart(5, "0");
  return `phone-${number}-${String(client).padStart(5, "0")}.herd.io`;
}

/**
 * Degrees north and west in Los Angeles. The decimals of the north can be
 * counted up for long before they overflow.
 */
export function positionOf(
  connection: number,
  client: number,
): [string, string] {
  const [east, north] = [connection * 7919 % 1000, client * 7907 % 1000];
  return [(33.8 + north / 8000).toFixed(6), (118.2 + east / 5000).toFixed(6)];
}

const zero = 0x30;
const nine = 0x39;

/** Adds 1 to the decimal number that ends at `end`. */
export function countUp(bytes: Uint8Array, end: number): void {
  let at = end - 1;
  while (bytes[at] === nine) {
    bytes[at] = zero;
    at -= 1;
  }
  bytes[at] += 1;
}
