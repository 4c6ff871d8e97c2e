/**
 * What still has to go to one neighbour. Reports are keyed by client, so that a
 * newer one replaces an older one that has not left yet: a slow or frozen
 * neighbour costs at most one entry a client, and gets the present when it
 * wakes, not the past.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { isNewer } from "../protocol/report.ts";
import { catchUpWriteBytes, maxLineMarks, maxWriteBytes } from "./limits.ts";
import { formatMessage, type Mark } from "./messages.ts";

/** Makes lines when there is time to send them; undefined when it has none. */
export interface LineSource {
  next(): ByteString | undefined;
}

/** Lines waiting for one neighbour, the most urgent first. */
export class Outbox {
  readonly #reports = new Map<ByteString, ByteString>();
  /** What the neighbour is to do with other servers' reports. */
  readonly #directions = new Map<ByteString, "PRUNE" | "GRAFT">();
  /** Leaves by fingerprint, of reports to ask for. */
  readonly #wanted = new Map<number, number>();
  #horizon: number | undefined;
  // Announcements, as leaves by fingerprint: those that came in since the last
  // `ripen`, those that came in before it, and those that may go out.
  #unripe = new Map<number, number>();
  #ripening = new Map<number, number>();
  #ripe = new Map<number, number>();
  readonly #whenIdle: LineSource;

  /** @param whenIdle Where lines come from when nothing else waits. */
  constructor(whenIdle: LineSource = { next: () => undefined }) {
    this.#whenIdle = whenIdle;
  }

  /** Adds a report, in place of an older one about the same client. */
  put(client: ByteString, line: ByteString): void {
    this.#reports.set(client, line);
  }

  /**
   * The neighbour has told us this itself: what is no newer need not be told
   * back.
   */
  forget(client: ByteString, told: ByteString): void {
    const waiting = this.#reports.get(client);
    if (waiting !== undefined && !isNewer(waiting, told)) {
      this.#reports.delete(client);
    }
  }

  /** A client is forgotten: nobody need be told of it. */
  drop(client: ByteString, fingerprint: number): void {
    this.#reports.delete(client);
    this.unannounce(fingerprint);
  }

  /** Adds a report that the neighbour should get from others first. */
  announce({ fingerprint, leaf }: Mark): void {
    this.#unripe.set(fingerprint, leaf);
  }

  /** The neighbour has the report, or it is no longer the newest. */
  unannounce(fingerprint: number): void {
    // It is in one of them at most.
    if (this.#unripe.delete(fingerprint)) return;
    if (this.#ripening.delete(fingerprint)) return;
    this.#ripe.delete(fingerprint);
  }

  /** How many announcements wait. */
  get announcing(): number {
    return this.#unripe.size + this.#ripening.size + this.#ripe.size;
  }

  /** Some time has passed: what was there before the last time may go out. */
  ripen(): void {
    if (this.#ripe.size === 0) {
      this.#ripe = this.#ripening;
    } else {
      for (const [fingerprint, leaf] of this.#ripening) {
        this.#ripe.set(fingerprint, leaf);
      }
    }
    this.#ripening = this.#unripe;
    this.#unripe = new Map();
  }

  /** Asks the neighbour for a report. */
  want({ fingerprint, leaf }: Mark): void {
    this.#wanted.set(fingerprint, leaf);
  }

  /** Tells the neighbour what to do with another server's reports. */
  direct(verb: "PRUNE" | "GRAFT", server: ByteString): void {
    this.#directions.set(server, verb);
  }

  /** Tells the neighbour where the horizon is. */
  tellHorizon(seconds: number): void {
    this.#horizon = seconds;
  }

  /** Drops all but the news: what was said before has no meaning now. */
  dropTalk(): void {
    this.#directions.clear();
    this.#wanted.clear();
  }

  /** How many reports wait. */
  get waiting(): number {
    return this.#reports.size;
  }

  /**
   * Takes out the lines of the next write, oldest first and within the limit
   * on bytes. Empty when nothing is left.
   */
  take(): ByteString[] {
    const lines: ByteString[] = [];
    this.#takeDirections(lines);
    takeMarks("WANT", this.#wanted, lines);
    this.#takeReports(lines);
    takeMarks("HAVE", this.#ripe, lines);
    if (lines.length === 0) this.#takeIdleLines(lines);
    return lines;
  }

  #takeDirections(lines: ByteString[]): void {
    for (const [server, verb] of this.#directions) {
      lines.push(formatMessage({ verb, server }));
    }
    this.#directions.clear();
    if (this.#horizon === undefined) return;
    lines.push(formatMessage({ verb: "HORIZON", seconds: this.#horizon }));
    this.#horizon = undefined;
  }

  #takeReports(lines: ByteString[]): void {
    let sizeBytes = 0;
    for (const [client, line] of this.#reports) {
      if (sizeBytes >= maxWriteBytes) return;
      this.#reports.delete(client);
      lines.push(line);
      sizeBytes += line.length + 1;
    }
  }

  #takeIdleLines(lines: ByteString[]): void {
    let sizeBytes = 0;
    while (sizeBytes < catchUpWriteBytes) {
      const line = this.#whenIdle.next();
      if (line === undefined) return;
      lines.push(line);
      sizeBytes += line.length + 1;
    }
  }
}

/** Takes all marks out, as lines of no more than a line may have. */
function takeMarks(
  verb: "HAVE" | "WANT",
  leaves: Map<number, number>,
  lines: ByteString[],
): void {
  if (leaves.size === 0) return;
  const marks = [...leaves].map(([fingerprint, leaf]) => ({
    leaf,
    fingerprint,
  }));
  leaves.clear();
  for (let from = 0; from < marks.length; from += maxLineMarks) {
    const some = marks.slice(from, from + maxLineMarks);
    lines.push(formatMessage({ verb, marks: some }));
  }
}
