/**
 * What still has to go to one neighbour. As long as it keeps up, reports wait
 * as the bytes of their lines, in the batch that the next write takes. When that
 * is full they are kept by client instead, so that a newer one replaces an older
 * one: a slow or frozen neighbour costs a batch and at most one entry a client,
 * and gets the present when it wakes, not the past.
 *
 * @module
 */
import { type Batch, BatchPool } from "../protocol/batch.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { isNewer, type Report } from "../protocol/report.ts";
import {
  catchUpWriteBytes,
  freshBytes,
  maxLineMarks,
  maxWriteBytes,
} from "./limits.ts";
import { formatMessage, type Mark, type Message } from "./messages.ts";

/** Makes lines when there is time to send them; undefined when it has none. */
export interface LineSource {
  next(): ByteString | undefined;
}

/** One batch is filled while another is written. */
const keptBatches = 2;

/** What waits for one neighbour. */
export class Outbox {
  readonly #pool = new BatchPool(keptBatches);
  /** What goes out next; reports only, until it is taken. */
  #batch = this.#pool.take();
  /** By client, what did not fit into it. */
  readonly #backlog = new Map<ByteString, ByteString>();
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

  /** Adds a copy of a report that is news. */
  put(report: Report): void {
    if (this.#backlog.size === 0 && this.#batch.length < freshBytes) {
      this.#batch.copy(report.bytes, report.start, report.end);
    } else {
      this.#backlog.set(report.client, report.line);
    }
  }

  /** Adds the newest report about a client, which the neighbour has asked for. */
  putWanted(client: ByteString, line: ByteString): void {
    this.#backlog.set(client, line);
  }

  /**
   * The neighbour has told us this itself: what is kept by client, and is no
   * newer, need not be told back.
   */
  forget(report: Report): void {
    if (this.#backlog.size === 0) return;
    const waiting = this.#backlog.get(report.client);
    if (waiting !== undefined && !isNewer(waiting, report.line)) {
      this.#backlog.delete(report.client);
    }
  }

  /** A client is forgotten: nobody need be told of it. */
  drop(client: ByteString, fingerprint: number): void {
    this.#backlog.delete(client);
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
    return this.#batch.ends.length + this.#backlog.size;
  }

  /** How many of them are kept by client, because the neighbour is slow. */
  get backlog(): number {
    return this.#backlog.size;
  }

  /**
   * Takes out what goes into the next write, within the limit on bytes.
   * Undefined if nothing is left. It comes back by `release`.
   */
  take(): Batch | undefined {
    const batch = this.#batch;
    this.#takeDirections(batch);
    takeMarks("WANT", this.#wanted, batch);
    this.#takeBacklog(batch);
    takeMarks("HAVE", this.#ripe, batch);
    if (batch.length === 0) this.#takeIdleLines(batch);
    if (batch.length === 0) return undefined;
    this.#batch = this.#pool.take();
    return batch;
  }

  /** Takes a sign of life out, with whatever else there is. */
  takePing(): Batch {
    const batch = this.take() ?? this.#pool.take();
    if (batch.length === 0) add(batch, { verb: "PING" });
    return batch;
  }

  /** Takes back a batch that has been written. */
  release(batch: Batch): void {
    this.#pool.release(batch);
  }

  #takeDirections(batch: Batch): void {
    for (const [server, verb] of this.#directions) {
      add(batch, { verb, server });
    }
    this.#directions.clear();
    if (this.#horizon === undefined) return;
    add(batch, { verb: "HORIZON", seconds: this.#horizon });
    this.#horizon = undefined;
  }

  #takeBacklog(batch: Batch): void {
    for (const [client, line] of this.#backlog) {
      if (batch.length >= maxWriteBytes) return;
      this.#backlog.delete(client);
      batch.add(line);
    }
  }

  #takeIdleLines(batch: Batch): void {
    while (batch.length < catchUpWriteBytes) {
      const line = this.#whenIdle.next();
      if (line === undefined) return;
      batch.add(line);
    }
  }
}

function add(batch: Batch, message: Message): void {
  batch.add(formatMessage(message));
}

/** Takes all marks out, as lines of no more than a line may have. */
function takeMarks(
  verb: "HAVE" | "WANT",
  leaves: Map<number, number>,
  batch: Batch,
): void {
  if (leaves.size === 0) return;
  const marks = [...leaves].map(([fingerprint, leaf]) => ({
    leaf,
    fingerprint,
  }));
  leaves.clear();
  for (let from = 0; from < marks.length; from += maxLineMarks) {
    add(batch, { verb, marks: marks.slice(from, from + maxLineMarks) });
  }
}
