/**
 * One connection to a neighbour after its handshake: reads the neighbour's
 * reports, writes what is in the outbox, and ends with a reason. It never
 * decides whether to live on: that is for the keeper of all links.
 *
 * @module
 */
import type { Batch } from "../../protocol/batch.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { LineFramer } from "../../protocol/framer.ts";
import { maxPeerLineBytes } from "../../protocol/limits.ts";
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
import type { LinkCounts } from "./link_counts.ts";
import { StallDetector } from "./stall_detector.ts";

/** Why a link ended. */
export type LinkEnd =
  /** The neighbour closed, or its process died. */
  | "neighbour closed"
  /** The connection broke. */
  | "connection lost"
  /** Nothing was heard for the configured time. */
  | "silent"
  /** The neighbour sent what is not part of the protocol. */
  | "nonsense"
  /** The neighbour sent a line over the limit. */
  | "line too long"
  /** Another connection to the same neighbour took over. */
  | "replaced"
  /** This server is stopping. */
  | "stopping";

/** What a link needs from the room around it. */
export interface LinkContext {
  readonly clock: Clock;
  readonly turns: Turns;
  readonly outbox: Outbox;
  readonly counts: LinkCounts;
  readonly traffic: TrafficLog;
  /** A neighbour that is silent for this long is given up. */
  readonly timeoutMs: number;
  /** Finds the names of the herd's servers. */
  readonly findServer: FindServer;
  readonly isServer: (name: ByteString) => boolean;
  /** Takes a report that the neighbour sent. */
  readonly onReport: (report: Report) => void;
  /** Takes what else it said. */
  readonly onMessage: (message: Message) => void;
  /** All lines of a chunk were taken: time to pass on what is new. */
  readonly onChunkEnd: () => void;
  /** Another `pingAfterMs` have passed; they are counted from 1. */
  readonly onHeartbeat: (heartbeats: number) => void;
}

/** A connection that has finished its handshake, with what was read so far. */
export interface EstablishedLink extends LinkCandidate {
  readonly neighbour: string;
  readonly transport: Transport;
  /** The buffer that it was read into, where a rest may be. */
  readonly reading: ReadBuffer;
  readonly framer: LineFramer;
}

/** One live connection to a neighbour. */
export class Link implements LinkCandidate {
  readonly neighbour: string;
  readonly dialler: string;
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
  /** Beats during which the neighbour could have been heard, but was not. */
  #silentHeartbeats = 0;
  #isListening = false;
  readonly #report = new Report();
  readonly #workload = new Workload(true);

  constructor(established: EstablishedLink, context: LinkContext) {
    this.neighbour = established.neighbour;
    this.dialler = established.dialler;
    this.incarnation = established.incarnation;
    this.#established = established;
    this.#context = context;
    this.#stallDetector = new StallDetector(context.clock);
  }

  /** What the reason for the end does not say by itself, for the log. */
  get detail(): string {
    return this.#detail;
  }

  /**
   * Hands what is in the outbox to the socket. The first write begins before
   * this returns; the rest follows as the socket takes it.
   */
  flush(): void {
    if (this.#writing !== undefined || this.#end !== undefined) return;
    const batch = this.#context.outbox.takeBatch();
    if (batch !== undefined) this.#writing = this.#write(batch);
  }

  /**
   * When all that was put in the outbox so far has been handed to the socket.
   * Undefined if it has been already, or if the link has fallen behind and
   * nobody should wait for it.
   */
  flushed(): Promise<void> | undefined {
    return this.#writing === undefined ? undefined : this.#stallDetector.wait();
  }

  /** Reads until the link ends; returns why. Never throws for the network. */
  async run(): Promise<LinkEnd> {
    this.#scheduleHeartbeat();
    try {
      await this.#read();
    } catch (error) {
      this.#fail(error);
    }
    this.#cancelHeartbeat?.();
    // A neighbour that has said its last may still be listening: what is being
    // written goes out before the connection closes.
    await this.drain("neighbour closed");
    this.#cancelDrainTimeout?.();
    this.#stallDetector.stop();
    closeQuietly(this.#established.transport);
    return this.#end!;
  }

  /**
   * Gives the link up without losing a byte: ends this side's stream behind
   * what is being written, while `run` reads on to the end of the other side's.
   * A link that is given up because the server stops sends what waits first.
   */
  drain(end: LinkEnd): Promise<void> {
    // One that has failed already has nothing to give up.
    if (this.#end !== undefined) return this.#draining ?? Promise.resolve();
    return this.#draining = this.#drain(end);
  }

  async #drain(end: LinkEnd): Promise<void> {
    const { clock } = this.#context;
    const { transport } = this.#established;
    // What waits goes out first; a comparison has no end worth waiting for.
    if (end === "stopping") this.flush();
    this.#end = end;
    this.#cancelDrainTimeout = clock.after(
      drainTimeoutMs,
      () => closeQuietly(transport),
    );
    await this.#writing;
    await transport.closeWrite().catch(() => {
      // It was closed by the other side, or for taking too long.
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
      this.#isListening = true;
      const count = await transport.read(reading.buffer);
      this.#isListening = false;
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
   * The heart of the link. Silence is counted in beats, not read from a clock:
   * a server that was frozen itself has missed its beats, and does not blame
   * its neighbours.
   */
  #heartbeat(): void {
    // While the log makes reading wait, nobody can be heard.
    if (this.#isListening) this.#silentHeartbeats += 1;
    const { onHeartbeat, outbox, timeoutMs } = this.#context;
    // The first of them may have come right after the neighbour's last word.
    if ((this.#silentHeartbeats - 1) * pingAfterMs >= timeoutMs) {
      this.#fail(
        new ProtocolViolation("silent", `nothing heard for ${timeoutMs} ms`),
      );
      return;
    }
    const mayWrite = this.#end === undefined && this.#writing === undefined;
    if (mayWrite && !this.#hasWritten) {
      this.#writing = this.#write(outbox.takeHeartbeat());
    }
    this.#hasWritten = false;
    this.#heartbeats += 1;
    if (this.#end === undefined) onHeartbeat(this.#heartbeats);
    this.#scheduleHeartbeat();
  }

  /**
   * Takes the lines of a chunk. Returns what to wait for if the log has no room
   * for them all.
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
        return turns.begin(this.#workload);
      }
      if (!framer.next()) break;
      const { bytes, start, stop } = framer;
      traffic.received(bytes, start, stop);
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
    const { counts, findServer, isServer, onMessage, onReport } = this.#context;
    const { bytes, start, stop } = framer;
    const report = this.#report;
    if (readReport(bytes, start, stop, findServer, report)) {
      counts.reportsReceived += 1;
      return onReport(report);
    }
    const message = parseMessage(framer.line, isServer);
    if (message !== undefined) return onMessage(message);
    throw new ProtocolViolation("nonsense", "expected an AT line or a message");
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
        // First on its way, then in the log: each hop counts twice.
        const written = writeAllBytes(transport, bytes.subarray(0, length));
        traffic.stampTime(clock.now());
        let start = 0;
        for (const end of ends) {
          traffic.sent(bytes, start, end - 1);
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

/** What the rule needs to know of a connection. */
export interface LinkCandidate {
  /** The name of the server that dialled. */
  readonly dialler: string;
  /** The neighbour's incarnation, from its hello. */
  readonly incarnation: string;
}

/**
 * One link a pair of neighbours. Both dial, so that whoever starts last is
 * linked at once, and sometimes both get through. Then both must keep the same
 * connection without asking.
 *
 * Whether a connection that has just finished its handshake replaces the one
 * in use.
 *
 * - A neighbour with another incarnation has started anew: what we hold is
 *   left over from its former life.
 * - A neighbour that dials twice has given up its first connection.
 * - Otherwise both sides dialled: the connection made by the server whose name
 *   sorts first stays.
 */
export function supersedes(
  fresh: LinkCandidate,
  inUse: LinkCandidate,
): boolean {
  if (fresh.incarnation !== inUse.incarnation) return true;
  if (fresh.dialler === inUse.dialler) return true;
  return fresh.dialler < inUse.dialler;
}
