/**
 * Clients' positions for the map. If there are more than the map can show, an
 * even sample. No step takes longer than about a millisecond, however long the
 * clients' IDs are.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";
import { parsePosition } from "../protocol/position.ts";
import {
  clientOf,
  positionOf,
  type Report,
  serverOf,
  timeOf,
} from "../protocol/report.ts";
import type { Replica } from "../replica/replica.ts";
import type { Clock } from "../runtime/clock.ts";
import {
  hashedIdBytes,
  livePartLines,
  maxLiveBytes,
  maxLivePositions,
  maxSnapshotPositions,
  selectedLines,
  snapshotPieceBytes,
  snapshotPieceLines,
  snapshotPieceMs,
} from "./limits.ts";
import type { Positions, ShownPosition } from "./position_types.ts";
import { cutId, showId } from "./shown_id.ts";
import type { WorkQueue } from "./work_queue.ts";

/** The position in an AT line, with the ID as the page shows it. */
export function readPosition(line: ByteString): ShownPosition {
  const { latitude, longitude } = positionOf(line);
  return [
    showId(clientOf(line)),
    Number(latitude),
    Number(longitude),
    serverOf(line),
    Number(timeOf(line)),
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

/** A report that was picked: its line if it is short, or what is shown of it. */
type Picked = ByteString | ShownPosition;

/** An even sample of new reports. */
export class LivePositions {
  #picked: Picked[] = [];
  #bytes = 0;
  #received = 0;
  #sample = new EvenSample(maxLivePositions, 0);

  /** Adds a new report. Every report passes through here. */
  add(report: Report): void {
    this.#received += 1;
    if (!this.#sample.picks()) return;
    const { clientEnd, clientStart, end, start } = report;
    // Of a long ID, only as many bytes as its hash takes are read.
    const excess = Math.max(0, clientEnd - clientStart - hashedIdBytes);
    const bytes = end - start - excess;
    if (this.#bytes + bytes > maxLiveBytes) return;
    this.#bytes += bytes;
    this.#picked.push(excess === 0 ? report.line : showLong(report));
  }

  /**
   * The reports since the last call, in parts that are made when they are asked
   * for; none if there are no reports.
   */
  *drain(known: number): Generator<Positions, undefined> {
    const heard = this.#received;
    if (heard === 0) return;
    const picked = this.#picked;
    this.#picked = [];
    this.#bytes = 0;
    this.#received = 0;
    // The next piece is expected to be as large as this one.
    this.#sample = new EvenSample(maxLivePositions, heard);
    for (let first = 0; first < picked.length; first += livePartLines) {
      yield {
        isSnapshot: false,
        known,
        // All reports count once.
        heard: first === 0 ? heard : 0,
        positions: picked.slice(first, first + livePartLines)
          .map((one) => typeof one === "string" ? readPosition(one) : one),
      };
    }
  }
}

/** What is shown of a report with a long ID, without a copy of the ID. */
function showLong(report: Report): ShownPosition {
  const { bytes, clientEnd, clientStart, end, server, timeStart } = report;
  const half = hashedIdBytes / 2;
  const position = parsePosition(
    decodeBytes(bytes, clientEnd + 1, timeStart - 1),
  );
  return [
    cutId(
      decodeBytes(bytes, clientStart, clientStart + half),
      decodeBytes(bytes, clientEnd - half, clientEnd),
      clientEnd - clientStart,
    ),
    Number(position?.latitude),
    Number(position?.longitude),
    server,
    Number(decodeBytes(bytes, timeStart, end)),
  ];
}

/**
 * The positions of the clients that are known now, in pieces; a sample if they
 * are too many. Each piece is made in a turn of its own. Rejects if the replica
 * does.
 */
export async function* snapshot(
  server: Pick<Replica, "select">,
  known: number,
  clock: Clock,
  work: WorkQueue,
): AsyncGenerator<Positions, undefined> {
  // Later clients are in `LivePositions`.
  if (known === 0) return;
  const sample = new EvenSample(maxSnapshotPositions, known);
  let cursor: string | undefined;
  do {
    await work.next();
    const startedAtMs = clock.elapsedMs();
    const positions: ShownPosition[] = [];
    let bytes = 0;
    do {
      const { lines, next } = await server.select("*", selectedLines, cursor);
      for (const line of lines) {
        if (!sample.picks()) continue;
        const position = readPosition(line);
        positions.push(position);
        bytes += bytesOf(position);
      }
      cursor = next;
    } while (
      cursor !== undefined && bytes < snapshotPieceBytes &&
      positions.length + selectedLines <= snapshotPieceLines &&
      clock.elapsedMs() - startedAtMs < snapshotPieceMs
    );
    if (positions.length === 0) continue;
    yield { isSnapshot: true, known, heard: 0, positions };
  } while (cursor !== undefined);
}

/** About as many bytes as a position has in a piece. */
function bytesOf([client, , , server]: ShownPosition): number {
  const numbers = 60;
  return client.length + server.length + numbers;
}
