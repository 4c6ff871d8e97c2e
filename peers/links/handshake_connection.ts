/**
 * A connection during its handshake: sends and receives lines, with a deadline
 * for the whole handshake. Bytes after the last line are kept for the link.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../../protocol/bytes.ts";
import { LineFramer } from "../../protocol/framer.ts";
import { maxPeerLineBytes } from "../../protocol/limits.ts";
import type { Clock } from "../../runtime/clock.ts";
import { redactTokens } from "../../runtime/redact_tokens.ts";
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

/** The detail of `closed early` if the connection did not break. */
export const closedEarlyDetail = "closed before the end of the handshake";

/** A connection that may become a link. */
export class HandshakeConnection {
  readonly #transport: Transport;
  readonly #traffic: TrafficLog;
  readonly #clock: Clock;
  readonly #reading = new ReadBuffer();
  readonly #framer = new LineFramer(maxPeerLineBytes);
  /** Resolves at the deadline, or when the connection is evicted. */
  readonly #aborted = Promise.withResolvers<HandshakeRefusal>();
  readonly #cancelDeadline: () => void;
  /** Whether the other side has sent anything. */
  hasReceived = false;
  /** The pending read, if there is one. */
  #receiving: Promise<unknown> | undefined;

  /** @param deadlineMs Time for the handshake, from now, in milliseconds. */
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
      this.#aborted.resolve({ reason: "silent", detail });
    });
  }

  /** Sends a line. Resolves to false if the connection is broken. */
  async send(line: ByteString): Promise<boolean> {
    try {
      this.#traffic.stampTime(this.#clock.now());
      this.#traffic.sent(encodeScratch(line), 0, line.length);
      await writeAll(this.#transport, line + "\n");
      return true;
    } catch {
      // The next `receive` returns the reason.
      return false;
    }
  }

  /**
   * Waits for a line. Resolves to a refusal if the network fails, at the
   * deadline, and when the connection is evicted.
   */
  async receive(): Promise<ByteString | HandshakeRefusal> {
    const receiving = this.#receive();
    this.#receiving = receiving;
    const received = await Promise.race([receiving, this.#aborted.promise]);
    if (typeof received === "string") this.#receiving = undefined;
    return received;
  }

  async #receive(): Promise<ByteString | HandshakeRefusal> {
    try {
      const line = await this.#readLine();
      if (line === undefined) return this.closedEarly();
      this.#traffic.stampTime(this.#clock.now());
      // A client that has taken the wrong port may send its token.
      const shown = redactTokens(line);
      this.#traffic.received(encodeScratch(shown), 0, shown.length);
      if (line.length <= maxHandshakeBytes) return line;
      return {
        reason: "line too long",
        detail: `a line over ${maxHandshakeBytes} bytes`,
      };
    } catch (error) {
      return this.closedEarly(describeFault(error));
    }
  }

  /** The refusal for a connection that is broken or closed. */
  closedEarly(fault = ""): HandshakeRefusal {
    return {
      reason: "closed early",
      detail: fault || closedEarlyDetail,
    };
  }

  /**
   * The text that binds a proof to this connection: empty if the connection is
   * not encrypted, undefined if it is broken.
   */
  async channelBinding(): Promise<ByteString | undefined> {
    try {
      return await this.#transport.channelBinding?.() ?? "";
    } catch {
      return undefined;
    }
  }

  /** Closes the connection, as too many handshakes are pending. */
  evict(detail: string): void {
    this.#aborted.resolve({ reason: "crowded out", detail });
    this.close();
  }

  /** Sends the refusal, waits until the other side can have read it, and closes. */
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

  /** Ends the handshake, and returns what the link needs. */
  established(hello: Hello, dialer: string, remote: string): EstablishedLink {
    this.#cancelDeadline();
    return {
      neighbour: hello.from,
      dialer,
      remote,
      incarnation: hello.incarnation,
      fields: hello.fields ?? new Map(),
      transport: this.#transport,
      reading: this.#reading,
      framer: this.#framer,
    };
  }

  /** The next line; the beginning of a line that is too long. */
  async #readLine(): Promise<ByteString | undefined> {
    while (true) {
      if (this.#framer.next()) return this.#framer.line;
      const unfinished = this.#framer.tooLong ?? this.#framer.unfinished;
      if (unfinished.length > maxHandshakeBytes) return unfinished;
      const count = await this.#transport.read(this.#reading.buffer);
      if (count === null) return undefined;
      this.hasReceived = true;
      this.#framer.push(this.#reading.buffer, count);
      this.#reading.noteRead(count);
    }
  }
}
