/**
 * The handshake on a connection: one line each way, within a deadline. What
 * was read beyond the line is kept for the link.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { LineFramer } from "../protocol/framer.ts";
import type { Clock } from "../runtime/clock.ts";
import {
  ChunkReader,
  closeQuietly,
  describeFault,
  lingerAndClose,
  type Traffic,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";
import {
  formatHello,
  formatRefusal,
  type Hello,
  maxHandshakeBytes,
  type Refusal,
} from "./handshake.ts";
import { handshakeTimeoutMs, refusalLingerMs } from "./limits.ts";
import type { Introduced } from "./link.ts";

/** A connection on its way to becoming a link. */
export class Introduction {
  readonly #transport: Transport;
  readonly #traffic: Traffic;
  readonly #clock: Clock;
  readonly #reader: ChunkReader;
  readonly #framer = new LineFramer();
  #silent = false;

  constructor(transport: Transport, traffic: Traffic, clock: Clock) {
    this.#transport = transport;
    this.#traffic = traffic;
    this.#clock = clock;
    this.#reader = new ChunkReader(transport);
  }

  /** Says who we are. False if the connection is gone. */
  async introduce(hello: Hello): Promise<boolean> {
    return await this.#say(formatHello(hello));
  }

  /** Hears who the other side is. Throws nothing for what the network does. */
  async listen(
    check: (line: ByteString) => Hello | Refusal,
  ): Promise<Hello | Refusal> {
    const cancel = this.#clock.after(handshakeTimeoutMs, () => {
      this.#silent = true;
      closeQuietly(this.#transport);
    });
    try {
      const line = await this.#readLine();
      if (line === undefined) return this.#nothingSaid();
      this.#traffic.received(line);
      if (line.length > maxHandshakeBytes) {
        return {
          reason: "not a handshake",
          detail: `a line over ${maxHandshakeBytes} bytes`,
        };
      }
      return check(line);
    } catch (error) {
      return this.#nothingSaid(describeFault(error));
    } finally {
      cancel();
    }
  }

  /** Says why not, lets the other side read it, and closes. */
  async refuse(refusal: Refusal): Promise<void> {
    if (await this.#say(formatRefusal(refusal))) {
      await lingerAndClose(this.#transport, this.#clock, refusalLingerMs);
    } else {
      this.close();
    }
  }

  close(): void {
    closeQuietly(this.#transport);
  }

  /** What the link needs of this connection. */
  introduced(hello: Hello, dialler: string): Introduced {
    return {
      neighbour: hello.from,
      dialler,
      incarnation: hello.incarnation,
      transport: this.#transport,
      reader: this.#reader,
      framer: this.#framer,
    };
  }

  async #say(line: ByteString): Promise<boolean> {
    try {
      this.#traffic.sent(line);
      await writeAll(this.#transport, line + "\n");
      return true;
    } catch {
      // Whoever listens next will hear how it ended.
      return false;
    }
  }

  async #readLine(): Promise<ByteString | undefined> {
    while (true) {
      const line = this.#framer.next() ?? this.#framer.tooLong;
      if (line !== undefined) return line;
      const chunk = await this.#reader.read();
      if (chunk === null) return undefined;
      this.#framer.push(chunk);
    }
  }

  #nothingSaid(fault = ""): Refusal {
    return this.#silent
      ? { reason: "silent", detail: `nothing said in ${handshakeTimeoutMs} ms` }
      : {
        reason: "closed early",
        detail: fault || "closed before a handshake",
      };
  }
}
