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
import { drainTimeoutMs, pingAfterMs } from "../limits.ts";
import { type Message, parseMessage } from "../replication/messages.ts";
import type { Outbox } from "../replication/outbox.ts";
import type { LinkCounts } from "./link_counts.ts";
import { LagWatch } from "./stall_detector.ts";
import type { Candidate } from "./supersedes.ts";

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
  readonly outbox: Outbox;
  readonly counts: LinkCounts;
  readonly traffic: TrafficLog;
  /** A neighbour that is silent for this long is given up. */
  readonly timeoutMs: number;
  /** Finds the names of the herd's servers. */
  readonly findServer: FindServer;
  readonly isServer: (name: ByteString) => boolean;
  /** Takes a report that the neighbour sent. */
  readonly accept: (report: Report) => void;
  /** Takes what else it said. */
  readonly hear: (message: Message) => void;
  /** All lines of a chunk were taken: time to pass on what is new. */
  readonly flush: () => void;
  /** Another `pingAfterMs` have passed; they are counted from 1. */
  readonly onBeat: (beats: number) => void;
}

/** A connection that has finished its handshake, with what was read so far. */
export interface Introduced extends Candidate {
  readonly neighbour: string;
  readonly transport: Transport;
  /** The buffer that it was read into, where a rest may be. */
  readonly reading: ReadBuffer;
  readonly framer: LineFramer;
}

/** One live connection to a neighbour. */
export class Link implements Candidate {
  readonly neighbour: string;
  readonly dialler: string;
  readonly incarnation: string;
  readonly #introduced: Introduced;
  readonly #context: LinkContext;
  #end: LinkEnd | undefined;
  #detail = "";
  #writing: Promise<void> | undefined;
  #retirement: Promise<void> | undefined;
  #cancelRetirement: (() => void) | undefined;
  readonly #lag: LagWatch;
  #beats = 0;
  #cancelBeat: (() => void) | undefined;
  #hasWritten = false;
  /** Beats during which the neighbour could have been heard, but was not. */
  #silentBeats = 0;
  #isListening = false;
  readonly #report = new Report();

  constructor(introduced: Introduced, context: LinkContext) {
    this.neighbour = introduced.neighbour;
    this.dialler = introduced.dialler;
    this.incarnation = introduced.incarnation;
    this.#introduced = introduced;
    this.#context = context;
    this.#lag = new LagWatch(context.clock);
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
  handed(): Promise<void> | undefined {
    return this.#writing === undefined ? undefined : this.#lag.wait();
  }

  /** Reads until the link ends; returns why. Never throws for the network. */
  async run(): Promise<LinkEnd> {
    this.#waitForBeat();
    try {
      await this.#read();
    } catch (error) {
      this.#fail(error);
    }
    this.#cancelBeat?.();
    // A neighbour that has said its last may still be listening: what is being
    // written goes out before the connection closes.
    await this.retire("neighbour closed");
    this.#cancelRetirement?.();
    this.#lag.stop();
    closeQuietly(this.#introduced.transport);
    return this.#end!;
  }

  /**
   * Gives the link up without losing a byte: ends this side's stream behind
   * what is being written, while `run` reads on to the end of the other side's.
   * A link that is given up because the server stops sends what waits first.
   */
  retire(end: LinkEnd): Promise<void> {
    // One that has failed already has nothing to give up.
    if (this.#end !== undefined) return this.#retirement ?? Promise.resolve();
    return this.#retirement = this.#retire(end);
  }

  async #retire(end: LinkEnd): Promise<void> {
    const { clock } = this.#context;
    const { transport } = this.#introduced;
    // What waits goes out first; a comparison has no end worth waiting for.
    if (end === "stopping") this.flush();
    this.#end = end;
    this.#cancelRetirement = clock.after(
      drainTimeoutMs,
      () => closeQuietly(transport),
    );
    await this.#writing;
    await transport.closeWrite().catch(() => {
      // It was closed by the other side, or for taking too long.
    });
  }

  async #read(): Promise<void> {
    const { framer, reading, transport } = this.#introduced;
    while (true) {
      let room: Promise<void> | undefined;
      while ((room = this.#takeLines(framer)) !== undefined) await room;
      this.#isListening = true;
      const count = await transport.read(reading.buffer);
      this.#isListening = false;
      this.#silentBeats = 0;
      if (count === null) return;
      framer.push(reading.buffer, count);
      reading.noteRead(count);
    }
  }

  #waitForBeat(): void {
    const { clock } = this.#context;
    this.#cancelBeat = clock.after(pingAfterMs, () => this.#beat());
  }

  /**
   * The heart of the link. Silence is counted in beats, not read from a clock:
   * a server that was frozen itself has missed its beats, and does not blame
   * its neighbours.
   */
  #beat(): void {
    // While the log makes reading wait, nobody can be heard.
    if (this.#isListening) this.#silentBeats += 1;
    const { onBeat, outbox, timeoutMs } = this.#context;
    // The first of them may have come right after the neighbour's last word.
    if ((this.#silentBeats - 1) * pingAfterMs >= timeoutMs) {
      this.#fail(
        new Misbehaviour("silent", `nothing heard for ${timeoutMs} ms`),
      );
      return;
    }
    const mayWrite = this.#end === undefined && this.#writing === undefined;
    if (mayWrite && !this.#hasWritten) {
      this.#writing = this.#write(outbox.takeHeartbeat());
    }
    this.#hasWritten = false;
    this.#beats += 1;
    if (this.#end === undefined) onBeat(this.#beats);
    this.#waitForBeat();
  }

  /**
   * Takes the lines of a chunk. Returns what to wait for if the log has no room
   * for them all.
   */
  #takeLines(framer: LineFramer): Promise<void> | undefined {
    const { clock, traffic } = this.#context;
    traffic.stampTime(clock.now());
    while (true) {
      const room = traffic.whenDrained();
      if (room !== undefined) {
        this.#context.flush();
        return room;
      }
      if (!framer.next()) break;
      const { bytes, start, stop } = framer;
      traffic.received(bytes, start, stop);
      this.#take(framer);
    }
    if (framer.tooLong !== undefined) {
      throw new Misbehaviour("line too long", `over ${maxPeerLineBytes} bytes`);
    }
    this.#context.flush();
    return undefined;
  }

  #take(framer: LineFramer): void {
    const { accept, counts, findServer, hear, isServer } = this.#context;
    const { bytes, start, stop } = framer;
    const report = this.#report;
    if (readReport(bytes, start, stop, findServer, report)) {
      counts.reportsReceived += 1;
      return accept(report);
    }
    const message = parseMessage(framer.line, isServer);
    if (message !== undefined) return hear(message);
    throw new Misbehaviour("nonsense", "expected an AT line or a message");
  }

  async #write(first: Batch): Promise<void> {
    const { clock, counts, outbox, traffic } = this.#context;
    const { transport } = this.#introduced;
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
        if (outbox.waiting === 0) this.#lag.caughtUp();
        if (this.#end !== undefined && this.#end !== "stopping") break;
        if (this.#end === "stopping" && outbox.waiting === 0) break;
        batch = outbox.takeBatch();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = undefined;
      this.#lag.caughtUp();
    }
  }

  #fail(error: unknown): void {
    if (this.#end === undefined) {
      if (error instanceof Misbehaviour) {
        this.#end = error.end;
        this.#detail = error.message;
      } else {
        this.#end = "connection lost";
        this.#detail = describeFault(error);
      }
    }
    closeQuietly(this.#introduced.transport);
  }
}

/** The neighbour broke the protocol. */
class Misbehaviour extends Error {
  constructor(readonly end: LinkEnd, message: string) {
    super(message);
  }
}
