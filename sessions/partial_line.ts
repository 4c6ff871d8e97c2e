/**
 * Commands without their LF: a whole command that is followed by nothing for a
 * time is answered, for clients that send no LF.
 *
 * @module
 */
import { parseCommand } from "../protocol/command.ts";
import type { LineFramer } from "../protocol/framer.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Session, SessionContext } from "./session.ts";

/** The connection whose last line may have no LF. */
export interface PartialLineOwner {
  /** Whether no more commands are processed. */
  readonly hasEnded: boolean;
  /** Whether no reply is due, and the log has room. */
  readonly canReply: boolean;
  writeInBackground(): void;
}

/** Waits for the LF of a connection's last line. */
export class PartialLine {
  readonly #owner: PartialLineOwner;
  readonly #framer: LineFramer;
  readonly #session: Session;
  readonly #context: SessionContext & { readonly clock: Clock };
  #cancel: (() => void) | undefined;
  /** Whether a command was answered without its LF, which may still come. */
  isLineFeedDue = false;

  constructor(
    owner: PartialLineOwner,
    framer: LineFramer,
    session: Session,
    context: SessionContext & { readonly clock: Clock },
  ) {
    this.#owner = owner;
    this.#framer = framer;
    this.#session = session;
    this.#context = context;
  }

  /** Answers a whole command that is followed by nothing for `partialLineMs`. */
  awaitLineFeed(): void {
    this.cancel();
    if (!this.#framer.isUnfinished) return;
    const { clock, limits: { partialLineMs } } = this.#context;
    this.#cancel = clock.after(
      partialLineMs,
      () => this.#onDue(),
    );
  }

  #onDue(): void {
    const { turns } = this.#context;
    const turn = turns.begin(this.#session.workload);
    if (turn === undefined) return this.#process();
    let isCancelled = false;
    this.#cancel = () => isCancelled = true;
    turn.then(() => {
      if (!isCancelled) this.#process();
    });
  }

  #process(): void {
    this.#cancel = undefined;
    if (this.#owner.hasEnded) return;
    // Replies before it come first. The client may end the line meanwhile.
    if (!this.#owner.canReply) return this.awaitLineFeed();
    const framer = this.#framer;
    if (parseCommand(framer.unfinished) === undefined) return;
    framer.end();
    this.#context.counts.hit("partial-line-ms");
    this.isLineFeedDue = true;
    this.#session.stampTime();
    this.#session.receive(framer.bytes, framer.start, framer.stop);
    this.#context.turns.end(this.#session.workload);
    this.#owner.writeInBackground();
  }

  /** Ends the wait. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
