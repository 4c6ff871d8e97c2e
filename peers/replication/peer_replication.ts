/**
 * What a server and one linked neighbour have said to each other that matters
 * for what it says next. No I/O, no clock.
 *
 * Most reports need to cross a link once, or not at all: where the herd has
 * circles, a neighbour gets some servers' reports sooner by another way. It says
 * so (PRUNE), and from then on those reports are held back for it: a moment later
 * it is told their fingerprints (HAVE), and asks for those that it still lacks
 * (WANT). If one of these is news then, something is wrong with the other way,
 * and it asks for all of them at once again (GRAFT). (J. Leitão, J. Pereira,
 * L. Rodrigues, "Epidemic Broadcast Trees", SRDS 2007.)
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { CatchUp } from "./anti_entropy.ts";
import { fingerprintOf } from "../store/fingerprint.ts";
import type { Report } from "../../protocol/report.ts";
import type { ReportStore } from "../store/report_store.ts";
import type { Mark, Message } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import type { RecentFingerprints } from "./recent_fingerprints.ts";
import type { StoreResult } from "../store/report_table.ts";

/** What a conversation knows of its server. */
export interface ConversationContext {
  readonly store: ReportStore;
  readonly recent: RecentFingerprints;
  /** Whether the two compare and repair what they know. */
  readonly catchUp: boolean;
  /** Most bytes of a write; undefined for the usual limit. */
  readonly writeBytes: number | undefined;
}

/** One side of the talk with a linked neighbour. */
export class Conversation {
  readonly neighbour: string;
  readonly outbox: Outbox;
  readonly #context: ConversationContext;
  readonly #catchUp: CatchUp | undefined;
  /** The servers whose reports the neighbour gets by another way. */
  readonly #heldBack = new Set<ByteString>();
  /** The servers whose reports we have asked it to hold back. */
  readonly #pruned = new Set<ByteString>();
  /** Those of them of which some may still be on their way. */
  readonly #prunedLately = new Set<ByteString>();

  constructor(neighbour: string, context: ConversationContext) {
    this.neighbour = neighbour;
    this.#context = context;
    this.#catchUp = context.catchUp
      ? new CatchUp(context.store, (mark) => this.outbox.want(mark))
      : undefined;
    this.outbox = new Outbox(this.#catchUp, context.writeBytes);
  }

  /**
   * There is a new connection: what was said on the last one may be lost, only
   * the news that waits is still good.
   */
  restart(): void {
    this.outbox.dropTalk();
    this.#catchUp?.restart();
    this.#heldBack.clear();
    this.#pruned.clear();
    this.#prunedLately.clear();
  }

  /** Begins to compare what both know. */
  compare(): void {
    this.#catchUp?.start();
  }

  /**
   * Whether all that the neighbour knew when they were linked has come over.
   * Where nobody compares there is nothing to wait for.
   */
  get hasCaughtUp(): boolean {
    return this.#catchUp?.hasCaughtUp ?? true;
  }

  /** A report is news: to be sent at once, or held back. */
  tell(report: Report, stored: StoreResult): void {
    this.hearNews(stored);
    const isHeldBack = this.#heldBack.has(report.server);
    if (isHeldBack) this.outbox.announcements.add(stored);
    else this.outbox.put(report, stored.fingerprint);
  }

  /** There is no use any more in announcing what this report replaces. */
  hearNews({ replaced }: StoreResult): void {
    if (replaced !== undefined) this.outbox.announcements.delete(replaced);
  }

  /** The neighbour has sent a report that we had already. */
  hearAgain(report: Report): void {
    const { end, start, view } = report;
    this.outbox.takeBack(fingerprintOf(view, start, end));
  }

  /**
   * Asks the neighbour to hold a server's reports back. Not before we have
   * caught up with it: what a comparison has shown may be replaced by what is
   * held back, and then neither would have come by the end of it.
   */
  prune(server: ByteString): void {
    if (!this.hasCaughtUp || this.#prunedLately.has(server)) return;
    this.#prunedLately.add(server);
    this.#pruned.add(server);
    this.outbox.direct("PRUNE", server);
  }

  /**
   * The neighbour was the first to send a server's report. Returns whether it
   * is to go on: then it need not hold them back any more. False if this was
   * just under way when we asked it to.
   */
  welcome(server: ByteString): boolean {
    if (this.#prunedLately.has(server)) return false;
    if (this.#pruned.delete(server)) this.outbox.direct("GRAFT", server);
    return true;
  }

  /** Another second: by now the neighbour has read what we asked for before. */
  beat(): void {
    this.#prunedLately.clear();
  }

  /** Takes a message, other than one about the horizon. */
  hear(message: Message): void {
    switch (message.verb) {
      case "PRUNE":
        this.#heldBack.add(message.server);
        break;
      case "GRAFT":
        this.#heldBack.delete(message.server);
        break;
      case "HAVE":
        for (const mark of message.marks) this.#hearHave(mark);
        break;
      case "WANT":
        this.#hearWant(message.marks);
        break;
      case "DIGEST":
        this.#catchUp?.hearDigests(message.node, message.digests);
        break;
      case "PART":
        this.#catchUp?.hearPart(message.reports);
        break;
      case "LIST":
        this.#catchUp?.hearList(message.node, message.reports);
        break;
      case "SYNC":
        this.outbox.sync();
        break;
      case "SYNCED":
        this.#catchUp?.hearSynced();
        break;
    }
  }

  #hearHave(mark: Mark): void {
    if (this.#context.recent.has(mark.fingerprint)) {
      this.outbox.announcements.delete(mark.fingerprint);
    } else {
      this.outbox.want(mark);
    }
  }

  #hearWant(marks: readonly Mark[]): void {
    const wanted = Map.groupBy(marks, ({ leaf }) => leaf);
    for (const [leaf, marksOfLeaf] of wanted) {
      const fingerprints = new Set(
        marksOfLeaf.map((mark) => mark.fingerprint),
      );
      for (const known of this.#context.store.leaf(leaf)) {
        if (!fingerprints.has(known.fingerprint)) continue;
        this.outbox.putWanted(known.client, known.line);
      }
    }
  }
}
