/**
 * A connection to a neighbour after its handshake: reads the neighbour's
 * reports, writes the outbox, and ends with a reason. The link manager decides
 * which of two connections stays.
 *
 * @module
 */
import type { Batch } from "../../protocol/batch.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { LineFramer } from "../../protocol/framer.ts";
import { maxPeerLineBytes } from "../../protocol/limits.ts";
import { readDeletion } from "../../protocol/deletion.ts";
import { type FindServer, readReport, Report } from "../../protocol/report.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  closeQuietly,
  describeFault,
  type ReadBuffer,
  type TrafficLog,
  type Transport,
  writeAllBytes,
} from "../../runtime/transport.ts";
import { type Turns, Workload } from "../../runtime/turns.ts";
import { drainTimeoutMs, linesPerPiece, pingAfterMs } from "../limits.ts";
import { type Message, parseMessage } from "../replication/messages.ts";
import type { Outbox } from "../replication/outbox.ts";
import { loggedEnd } from "../replication/summary_flood.ts";
import type { HelloFields } from "./handshake.ts";
import type { LinkCounts } from "./link_counts.ts";
import { StallDetector } from "./stall_detector.ts";

/** Why a link ended. */
export type LinkEnd =
  /** The neighbour closed the connection, or its process ended. */
  | "neighbour closed"
  /** The connection broke. */
  | "connection lost"
  /** Nothing was received for `timeoutMs`. */
  | "silent"
  /** The neighbour sent a line that is not part of the protocol. */
  | "nonsense"
  /** The neighbour sent a line over the limit. */
  | "line too long"
  /** The neighbour sent more than can be true. */
  | "over limit"
  /** Another connection to the same neighbour replaced it. */
  | "replaced"
  /** This server is stopping. */
  | "stopping";

/** What `Link` needs. */
export interface LinkContext {
  readonly clock: Clock;
  readonly turns: Turns;
  readonly outbox: Outbox;
  readonly counts: LinkCounts;
  readonly traffic: TrafficLog;
  /** After this much silence of the neighbour, in milliseconds, it ends. */
  readonly timeoutMs: number;
  /** Finds the names of the herd's servers. */
  readonly findServer: FindServer;
  readonly isServer: (name: ByteString) => boolean;
  /** Receives the reports that the neighbour sends. */
  readonly onReport: (report: Report) => void;
  /** Receives the deletions that the neighbour sends. */
  readonly onDeletion: (deletion: Report) => void;
  /**
   * Receives its other messages. Returns a fault if there are more than can be
   * true.
   */
  readonly onMessage: (message: Message) => string | undefined;
  /** Receives optional messages. Returns whether this version knows it. */
  readonly onOptional: (line: ByteString) => boolean;
  /** Called when all lines of a chunk were processed. */
  readonly onChunkEnd: () => void;
  /** Called every `pingAfterMs`, with the number of heartbeats so far. */
  readonly onHeartbeat: (heartbeats: number) => void;
}

/** A connection that has finished its handshake. */
export interface EstablishedLink extends LinkCandidate {
  readonly neighbour: string;
  /** The address of the other side. */
  readonly remote: string;
  /** The fields after the nonce of the neighbour's hello. */
  readonly fields: HelloFields;
  readonly transport: Transport;
  readonly reading: ReadBuffer;
  /** May have bytes that were read after the handshake. */
  readonly framer: LineFramer;
}

/** One link. */
export class Link implements LinkCandidate {
  readonly neighbour: string;
  readonly dialer: string;
  readonly incarnation: string;
  readonly #established: EstablishedLink;
  readonly #context: LinkContext;
  #end: LinkEnd | undefined;
  #detail = "";
  #writing: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #cancelDrainTimeout: (() => void) | undefined;
  readonly #stallDetector: StallDetector;
  #heartbeats = 0;
  #cancelHeartbeat: (() => void) | undefined;
  #hasWritten = false;
  #isFlushScheduled = false;
  /** Heartbeats since the last bytes, counted only while reading. */
  #silentHeartbeats = 0;
  #isReading = false;
  readonly #report = new Report();
  readonly #workload = new Workload(true);

  constructor(established: EstablishedLink, context: LinkContext) {
    this.neighbour = established.neighbour;
    this.dialer = established.dialer;
    this.incarnation = established.incarnation;
    this.#established = established;
    this.#context = context;
    this.#stallDetector = new StallDetector(context.clock);
  }

  /** Details of the end, for the log; empty if there are none. */
  get detail(): string {
    return this.#detail;
  }

  /**
   * Writes the outbox to the socket. The first write starts before this returns;
   * the others follow when the socket has taken it.
   */
  flush(): void {
    if (this.#writing !== undefined || this.#end !== undefined) return;
    const batch = this.#context.outbox.takeBatch();
    if (batch !== undefined) this.#writing = this.#write(batch);
    else this.#flushLater();
  }

  /** Flushes again in the next turn, if the outbox has more to do. */
  #flushLater(): void {
    const { clock, outbox } = this.#context;
    if (this.#isFlushScheduled || !outbox.hasMore) return;
    this.#isFlushScheduled = true;
    clock.nextTurn(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
  }

  /**
   * Resolves when the socket has taken everything put in the outbox so far.
   * Undefined if it already has, or if the link is stalled.
   */
  flushed(): Promise<void> | undefined {
    return this.#writing === undefined ? undefined : this.#stallDetector.wait();
  }

  /** Reads until the link ends. Resolves to the reason, also after errors. */
  async run(): Promise<LinkEnd> {
    this.#scheduleHeartbeat();
    try {
      await this.#read();
    } catch (error) {
      this.#fail(error);
    }
    this.#cancelHeartbeat?.();
    // The neighbour may have closed only its writing side. The write under way
    // finishes before the connection closes.
    await this.drain("neighbour closed");
    this.#cancelDrainTimeout?.();
    this.#stallDetector.stop();
    closeQuietly(this.#established.transport);
    return this.#end!;
  }

  /**
   * Ends the link without loss: closes the writing side after the write under
   * way, while `run` reads to the end of the other side's stream. With
   * `stopping`, the reports that wait are written first.
   */
  drain(end: LinkEnd): Promise<void> {
    // A link that has already ended is not drained again.
    if (this.#end !== undefined) return this.#draining ?? Promise.resolve();
    return this.#draining = this.#drain(end);
  }

  async #drain(end: LinkEnd): Promise<void> {
    const { clock } = this.#context;
    const { transport } = this.#established;
    // Waiting reports are written; lines of a comparison are not waited for.
    if (end === "stopping") this.flush();
    this.#end = end;
    this.#cancelDrainTimeout = clock.after(
      drainTimeoutMs,
      () => closeQuietly(transport),
    );
    await this.#writing;
    await transport.closeWrite().catch(() => {
      // The other side or the timeout has closed it.
    });
  }

  async #read(): Promise<void> {
    const { framer, reading, transport } = this.#established;
    const { turns } = this.#context;
    while (true) {
      let wait = turns.begin(this.#workload) ?? this.#processLines(framer);
      while (wait !== undefined) {
        await wait;
        wait = this.#processLines(framer);
      }
      turns.end(this.#workload);
      this.#isReading = true;
      const count = await transport.read(reading.buffer);
      this.#isReading = false;
      this.#silentHeartbeats = 0;
      if (count === null) return;
      framer.push(reading.buffer, count);
      reading.noteRead(count);
    }
  }

  #scheduleHeartbeat(): void {
    const { clock } = this.#context;
    this.#cancelHeartbeat = clock.after(pingAfterMs, () => this.#heartbeat());
  }

  /**
   * Ends a silent link, or pings. Silence is counted in heartbeats, not read
   * from a clock: a server that was frozen itself had no heartbeats, and does
   * not end its links.
   */
  #heartbeat(): void {
    // While reading waits for the log, the neighbour may be sending.
    if (this.#isReading) this.#silentHeartbeats += 1;
    const { onHeartbeat, outbox, timeoutMs } = this.#context;
    // The first of them may have followed directly on the last bytes.
    if ((this.#silentHeartbeats - 1) * pingAfterMs >= timeoutMs) {
      this.#fail(
        new ProtocolViolation("silent", `nothing received in ${timeoutMs} ms`),
      );
      return;
    }
    this.#heartbeats += 1;
    // It may have something to write, such as the clock instead of a PING.
    if (this.#end === undefined) onHeartbeat(this.#heartbeats);
    const mayWrite = this.#end === undefined && this.#writing === undefined;
    if (mayWrite && !this.#hasWritten) {
      this.#writing = this.#write(outbox.takeHeartbeat());
    }
    this.#hasWritten = false;
    this.#scheduleHeartbeat();
  }

  /**
   * Processes the lines of a chunk. Stops when the log has no room, and returns
   * a promise for room.
   */
  #processLines(framer: LineFramer): Promise<void> | undefined {
    const { clock, traffic, turns } = this.#context;
    traffic.stampTime(clock.now());
    for (let lines = 1;; lines++) {
      const room = traffic.whenDrained();
      if (room !== undefined) {
        this.#context.onChunkEnd();
        return room;
      }
      if (lines % linesPerPiece === 0 && turns.end(this.#workload)) {
        this.#context.onChunkEnd();
        // Without a wait the rest of the chunk follows at once.
        const turn = turns.begin(this.#workload);
        if (turn !== undefined) return turn;
      }
      if (!framer.next()) break;
      const { bytes, start, stop } = framer;
      traffic.received(bytes, start, loggedEnd(bytes, start, stop));
      this.#processLine(framer);
    }
    if (framer.tooLong !== undefined) {
      throw new ProtocolViolation(
        "line too long",
        `over ${maxPeerLineBytes} bytes`,
      );
    }
    this.#context.onChunkEnd();
    return undefined;
  }

  #processLine(framer: LineFramer): void {
    const {
      counts,
      findServer,
      isServer,
      onDeletion,
      onMessage,
      onOptional,
      onReport,
    } = this.#context;
    const { bytes, start, stop } = framer;
    const report = this.#report;
    if (readReport(bytes, start, stop, findServer, report)) {
      counts.reportsReceived += 1;
      return onReport(report);
    }
    if (readDeletion(bytes, start, stop, report)) return onDeletion(report);
    const message = parseMessage(framer.line, isServer);
    if (message === undefined) {
      const expected = "expected an AT line or a message";
      throw new ProtocolViolation("nonsense", expected);
    }
    if (message.verb === "OPTIONAL") {
      if (!onOptional(message.line)) counts.ignoredMessages += 1;
      return;
    }
    const fault = onMessage(message);
    if (fault !== undefined) throw new ProtocolViolation("over limit", fault);
  }

  async #write(first: Batch): Promise<void> {
    const { clock, counts, outbox, traffic } = this.#context;
    const { transport } = this.#established;
    let batch: Batch | undefined = first;
    try {
      while (batch !== undefined) {
        this.#hasWritten = true;
        const { bytes, ends, length } = batch;
        counts.bytesSent += length;
        // Written before it is logged, as the delay of each hop counts.
        const written = writeAllBytes(transport, bytes.subarray(0, length));
        traffic.stampTime(clock.now());
        let start = 0;
        for (const end of ends) {
          traffic.sent(bytes, start, loggedEnd(bytes, start, end - 1));
          start = end;
        }
        await written;
        outbox.release(batch);
        if (outbox.waiting === 0) this.#stallDetector.onDrained();
        if (this.#end !== undefined && this.#end !== "stopping") break;
        if (this.#end === "stopping" && outbox.waiting === 0) break;
        batch = outbox.takeBatch();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = undefined;
      this.#stallDetector.onDrained();
      if (this.#end === undefined) this.#flushLater();
    }
  }

  #fail(error: unknown): void {
    if (this.#end === undefined) {
      if (error instanceof ProtocolViolation) {
        this.#end = error.end;
        this.#detail = error.message;
      } else {
        this.#end = "connection lost";
        this.#detail = describeFault(error);
      }
    }
    closeQuietly(this.#established.transport);
  }
}

/** The neighbour broke the protocol. */
class ProtocolViolation extends Error {
  constructor(readonly end: LinkEnd, message: string) {
    super(message);
  }
}

/** The part of a connection that `supersedes` compares. */
export interface LinkCandidate {
  /** The name of the server that dialled. */
  readonly dialer: string;
  /** The neighbour's incarnation, from its hello. */
  readonly incarnation: string;
}

/**
 * Whether a connection that has just finished its handshake replaces the link in
 * use. Both neighbours dial, so that the one that starts last is linked at once.
 * If both connections are made, both servers must keep the same one, without
 * messages about it.
 *
 * - If the incarnation differs, the neighbour has restarted, and the link in use
 *   is with its earlier incarnation.
 * - If the same server dialled twice, it has given up its first connection.
 * - Otherwise, the connection of the server whose name sorts first stays.
 */
export function supersedes(
  fresh: LinkCandidate,
  inUse: LinkCandidate,
): boolean {
  if (fresh.incarnation !== inUse.incarnation) return true;
  if (fresh.dialer === inUse.dialer) return true;
  return fresh.dialer < inUse.dialer;
}
