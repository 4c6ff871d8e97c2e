/**
 * A connection during its handshake: lines each way, all within one deadline.
 * What was read beyond them is kept for the link.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../../protocol/bytes.ts";
import { LineFramer } from "../../protocol/framer.ts";
import { maxPeerLineBytes } from "../../protocol/limits.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  closeQuietly,
  describeFault,
  lingerAndClose,
  ReadBuffer,
  type TrafficLog,
  type Transport,
  writeAll,
} from "../../runtime/transport.ts";
import { refusalLingerMs } from "../limits.ts";
import {
  formatRefusal,
  type HandshakeRefusal,
  type Hello,
  maxHandshakeBytes,
} from "./handshake.ts";
import type { EstablishedLink } from "./link.ts";

/** A connection on its way to becoming a link. */
export class HandshakeConnection {
  readonly #transport: Transport;
  readonly #traffic: TrafficLog;
  readonly #clock: Clock;
  readonly #reading = new ReadBuffer();
  readonly #framer = new LineFramer(maxPeerLineBytes);
  readonly #late = Promise.withResolvers<HandshakeRefusal>();
  readonly #cancelDeadline: () => void;
  /** The line that is being waited for. */
  #receiving: Promise<unknown> | undefined;

  /** @param deadlineMs From now to the end of the handshake. */
  constructor(
    transport: Transport,
    traffic: TrafficLog,
    clock: Clock,
    deadlineMs: number,
  ) {
    this.#transport = transport;
    this.#traffic = traffic;
    this.#clock = clock;
    this.#cancelDeadline = clock.after(deadlineMs, () => {
      const detail = `no handshake in ${deadlineMs} ms`;
      this.#late.resolve({ reason: "silent", detail });
    });
  }

  /** Sends a line. False if the connection is gone. */
  async send(line: ByteString): Promise<boolean> {
    try {
      this.#traffic.stampTime(this.#clock.now());
      this.#traffic.sent(encodeScratch(line), 0, line.length);
      await writeAll(this.#transport, line + "\n");
      return true;
    } catch {
      // Whoever listens next will hear how it ended.
      return false;
    }
  }

  /**
   * Waits for a line. Throws nothing for what the network does: then it is a
   * refusal.
   */
  async receive(): Promise<ByteString | HandshakeRefusal> {
    const receiving = this.#receive();
    this.#receiving = receiving;
    const received = await Promise.race([receiving, this.#late.promise]);
    if (typeof received === "string") this.#receiving = undefined;
    return received;
  }

  async #receive(): Promise<ByteString | HandshakeRefusal> {
    try {
      const line = await this.#readLine();
      if (line === undefined) return this.closedEarly();
      this.#traffic.stampTime(this.#clock.now());
      this.#traffic.received(encodeScratch(line), 0, line.length);
      if (line.length <= maxHandshakeBytes) return line;
      return {
        reason: "line too long",
        detail: `a line over ${maxHandshakeBytes} bytes`,
      };
    } catch (error) {
      return this.closedEarly(describeFault(error));
    }
  }

  /** Why nothing more can be heard or said on this connection. */
  closedEarly(fault = ""): HandshakeRefusal {
    return {
      reason: "closed early",
      detail: fault || "closed before the end of the handshake",
    };
  }

  /**
   * What ties a proof to this connection, where that is encrypted; empty where
   * it is not, and undefined where it is gone.
   */
  async channelBinding(): Promise<ByteString | undefined> {
    try {
      return await this.#transport.channelBinding?.() ?? "";
    } catch {
      return undefined;
    }
  }

  /** There are too many connections that are not linked yet. */
  evict(detail: string): void {
    this.#late.resolve({ reason: "crowded out", detail });
    this.close();
  }

  /** Says why not, lets the other side read it, and closes. */
  async refuse(refusal: HandshakeRefusal): Promise<void> {
    this.#cancelDeadline();
    if (!await this.send(formatRefusal(refusal))) return this.close();
    const [transport, clock] = [this.#transport, this.#clock];
    await lingerAndClose(transport, clock, refusalLingerMs, this.#receiving);
  }

  close(): void {
    this.#cancelDeadline();
    closeQuietly(this.#transport);
  }

  /** The handshake is over: what the link needs of this connection. */
  established(hello: Hello, dialler: string): EstablishedLink {
    this.#cancelDeadline();
    return {
      neighbour: hello.from,
      dialler,
      incarnation: hello.incarnation,
      transport: this.#transport,
      reading: this.#reading,
      framer: this.#framer,
    };
  }

  /** The next line, or the beginning of one that is too long. */
  async #readLine(): Promise<ByteString | undefined> {
    while (true) {
      if (this.#framer.next()) return this.#framer.line;
      const unfinished = this.#framer.tooLong ?? this.#framer.unfinished;
      if (unfinished.length > maxHandshakeBytes) return unfinished;
      const count = await this.#transport.read(this.#reading.buffer);
      if (count === null) return undefined;
      this.#framer.push(this.#reading.buffer, count);
      this.#reading.noteRead(count);
    }
  }
}
