/**
 * What the map is told: where clients are. Where there are more than a map can
 * show, an even sample.
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

/** What an AT line shows. */
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

/** Picks all, or as many as it may, evenly, where more are expected. */
class EvenSample {
  #left: number;
  readonly #most: number;
  readonly #expected: number;
  /** Grows by `most` with each; whenever it reaches `expected`, one is due. */
  #due = 0;

  constructor(most: number, expected: number) {
    this.#left = most;
    this.#most = most;
    this.#expected = Math.max(expected, most);
  }

  /** Whether the next one is picked. */
  picks(): boolean {
    this.#due += this.#most;
    if (this.#due < this.#expected || this.#left === 0) return false;
    this.#due -= this.#expected;
    this.#left -= 1;
    return true;
  }
}

/** Lines of reports as they come in: an even sample of them. */
export class LivePositions {
  #lines: ByteString[] = [];
  #heard = 0;
  #sample = new EvenSample(maxLivePositions, 0);

  /** A report has come in. On the fast path. */
  add(report: Report): void {
    this.#heard += 1;
    if (this.#sample.picks()) this.#lines.push(report.line);
  }

  /** What came in since the last time; undefined if nothing did. */
  drain(known: number): Positions | undefined {
    const heard = this.#heard;
    if (heard === 0) return undefined;
    const positions = this.#lines.map(readPosition);
    this.#lines = [];
    this.#heard = 0;
    // What comes next will be about as much.
    this.#sample = new EvenSample(maxLivePositions, heard);
    return { isSnapshot: false, known, heard, positions };
  }
}

/**
 * The clients known now, piece by piece; some of them if they are too many.
 * Rejects if the replica does.
 */
export async function* snapshot(
  server: Pick<Replica, "select">,
  known: number,
): AsyncGenerator<Positions, undefined> {
  // Who comes from now on is shown as it comes.
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
