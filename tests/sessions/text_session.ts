/**
 * A session that receives lines and gives replies as text.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";
import type { Settling } from "../../replica/settling.ts";
import type { TrafficLog } from "../../runtime/transport.ts";
import { Session, type SessionContext } from "../../sessions/session.ts";

/** Passes lines to a session within larger buffers, which it overwrites. */
export class TextSession {
  readonly #session: Session;
  readonly #context: SessionContext;

  constructor(
    context: SessionContext,
    traffic: TrafficLog,
    onReady: () => void,
  ) {
    this.#context = context;
    this.#session = new Session(context, traffic, { onReady });
    this.#session.stampTime();
  }

  receive(line: ByteString): void {
    const buffer = encodeBytes(`before\n${line}\nafter`);
    const start = "before\n".length;
    this.#session.receive(buffer, start, start + line.length);
    buffer.fill(0x21);
  }

  /** The replies that can be written. */
  takeReplies(): ByteString[] {
    const replies = this.#session.takeReplies();
    if (replies === undefined) return [];
    const { ends, text } = replies;
    const texts = ends.map((end, index) =>
      text.slice(ends[index - 1] ?? 0, end)
    );
    this.#context.replyPool.release(replies);
    return texts;
  }

  refuseTooLong(start: ByteString): void {
    this.#session.refuseTooLong(start);
  }

  abandon(): void {
    this.#session.abandon();
  }

  whenWritable(): Promise<void> | undefined {
    return this.#session.whenWritable();
  }

  get settling(): Settling {
    return this.#session.settling;
  }

  get isAwaiting(): boolean {
    return this.#session.isAwaiting;
  }
}
