/**
 * Clients' positions for the map. If there are more than the map can show, an
 * even sample.
 *
 * @module
 */
import { escapeBytes } from "../log/escape.ts";
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";
import type { Replica } from "../replica/replica.ts";
import { fieldsOf, positionOf, type Report } from "../protocol/report.ts";
import {
  maxLivePositions,
  maxSnapshotPositions,
  snapshotPieceLines,
} from "./limits.ts";
import type { Positions, ShownPosition } from "./position_types.ts";

/** The position in an AT line. */
export function readPosition(line: ByteString): ShownPosition {
  const [server, , client, , time] = fieldsOf(line);
  const { latitude, longitude } = positionOf(line);
  return [
    textOfBytes(escapeBytes(client)),
    Number(latitude),
    Number(longitude),
    server,
    Number(time),
  ];
}

/** Picks at most `most` of the `expected` items, evenly. */
class EvenSample {
  #left: number;
  readonly #most: number;
  readonly #expected: number;
  /** Grows by `most` with each item. At `expected`, an item is picked. */
  #due = 0;

  constructor(most: number, expected: number) {
    this.#left = most;
    this.#most = most;
    this.#expected = Math.max(expected, most);
  }

  /** Whether the next item is picked. */
  picks(): boolean {
    this.#due += this.#most;
    if (this.#due < this.#expected || this.#left === 0) return false;
    this.#due -= this.#expected;
    this.#left -= 1;
    return true;
  }
}

/** An even sample of new reports. */
export class LivePositions {
  #lines: ByteString[] = [];
  #received = 0;
  #sample = new EvenSample(maxLivePositions, 0);

  /** Adds a new report. Every report passes through here. */
  add(report: Report): void {
    this.#received += 1;
    if (this.#sample.picks()) this.#lines.push(report.line);
  }

  /** The reports since the last call; undefined if there are none. */
  drain(known: number): Positions | undefined {
    const received = this.#received;
    if (received === 0) return undefined;
    const positions = this.#lines.map(readPosition);
    this.#lines = [];
    this.#received = 0;
    // The next piece is expected to be as large as this one.
    this.#sample = new EvenSample(maxLivePositions, received);
    return { isSnapshot: false, known, heard: received, positions };
  }
}

/**
 * The positions of the clients that are known now, in pieces; a sample if they
 * are too many. Rejects if the replica does.
 */
export async function* snapshot(
  server: Pick<Replica, "select">,
  known: number,
): AsyncGenerator<Positions, undefined> {
  // Later clients are in `LivePositions`.
  if (known === 0) return;
  const sample = new EvenSample(maxSnapshotPositions, known);
  let cursor: string | undefined;
  do {
    const { lines, next } = await server.select(
      "*",
      snapshotPieceLines,
      cursor,
    );
    const positions = lines.filter(() => sample.picks()).map(readPosition);
    cursor = next;
    // The last page may be empty.
    if (next === undefined && positions.length === 0) return;
    yield { isSnapshot: true, known, heard: 0, positions };
  } while (cursor !== undefined);
}
