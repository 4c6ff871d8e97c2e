/**
 * One client's conversation: takes its lines, makes the replies, and keeps
 * them in the order of the requests while questions wait for an answer. Knows
 * no socket.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import {
  formatInvalid,
  type Iamat,
  parseCommand,
  type Whatsat,
} from "../protocol/command.ts";
import { makeReport, type Report } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Traffic } from "../runtime/transport.ts";
import {
  maxQuestionsInFlight,
  maxRepliesWaiting,
  maxReplyBytesWaiting,
} from "./limits.ts";

/** What a session asks of its server. */
export interface Desk {
  /** The name that stands in the server's AT lines. */
  readonly serverName: string;
  /** The time of day. */
  readonly now: () => Timestamp;
  /** Takes a report into the herd. */
  readonly accept: (report: Report) => void;
  /** The newest AT line about a client; undefined for an unknown one. */
  readonly newest: (client: ByteString) => ByteString | undefined;
  /**
   * The places around the position in an AT line, as text of Google's shape
   * without empty lines or newlines at its end. Never rejects.
   */
  readonly places: (
    line: ByteString,
    question: Whatsat,
  ) => Promise<ByteString>;
}

/** A reply in its place in the order; without text while it is awaited. */
interface Slot {
  reply?: ByteString;
}

/** The replies to one client's lines, in order. */
export class Session {
  readonly #desk: Desk;
  readonly #traffic: Traffic;
  readonly #onReady: () => void;
  /** Replies that can go out. */
  #ready: ByteString[] = [];
  /** From the first awaited reply on. */
  readonly #waiting: Slot[] = [];
  /** Questions that are not asked yet, in order. */
  readonly #held: (() => void)[] = [];
  #questionsInFlight = 0;
  /** Of the replies that are ready or wait. */
  #replyBytes = 0;
  #isAbandoned = false;
  #onCalm: (() => void) | undefined;

  /** @param onReady Called when awaited replies have become ready. */
  constructor(desk: Desk, traffic: Traffic, onReady: () => void) {
    this.#desk = desk;
    this.#traffic = traffic;
    this.#onReady = onReady;
  }

  /** Takes one line, without its LF. Every line gets exactly one reply. */
  receive(line: ByteString): void {
    this.#traffic.received(line);
    const command = parseCommand(line);
    if (command?.verb === "IAMAT") {
      this.#reply(this.#report(command));
    } else if (command?.verb === "WHATSAT") {
      this.#ask(line, command);
    } else {
      this.#reply(formatInvalid(line) + "\n");
    }
  }

  /** Answers a line that was too long, of which only the start is known. */
  refuseTooLong(start: ByteString): void {
    this.#traffic.received(start);
    this.#reply(formatInvalid(start) + "\n");
  }

  /**
   * The client is gone: nobody is asked any more on its behalf, and nothing is
   * awaited. Reports that it has sent still count.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#relax();
  }

  /**
   * When the client may go on asking; undefined if it may at once. Reading
   * stops until then: nothing is dropped.
   */
  calm(): Promise<void> | undefined {
    if (!this.#isBusy) return undefined;
    return new Promise((resolve) => this.#onCalm = resolve);
  }

  /** Whether a question has no answer yet. */
  get isAwaiting(): boolean {
    return this.#waiting.length > 0 && !this.#isAbandoned;
  }

  /** Takes the replies that can go out, in order, each with its LF. */
  take(): ByteString[] {
    const replies = this.#ready;
    if (replies.length === 0) return replies;
    this.#ready = [];
    for (const { length } of replies) this.#replyBytes -= length;
    this.#relax();
    return replies;
  }

  #report(iamat: Iamat): ByteString {
    const { accept, now, serverName } = this.#desk;
    const report = makeReport(serverName, now(), iamat);
    accept(report);
    return report.line + "\n";
  }

  #ask(line: ByteString, question: Whatsat): void {
    const newest = this.#desk.newest(question.client);
    if (newest === undefined) {
      this.#reply(formatInvalid(line) + "\n");
      return;
    }
    const slot: Slot = {};
    this.#waiting.push(slot);
    this.#held.push(() => {
      this.#desk.places(newest, question).then((body) => {
        slot.reply = `${newest}\n${body}\n\n`;
        this.#replyBytes += slot.reply.length;
        this.#questionsInFlight -= 1;
        this.#advance();
      });
    });
    this.#askHeld();
  }

  /** Asks as many as may be under way. What is behind the rest goes on. */
  #askHeld(): void {
    if (this.#isAbandoned) return;
    while (
      this.#questionsInFlight < maxQuestionsInFlight &&
      this.#replyBytes < maxReplyBytesWaiting
    ) {
      const ask = this.#held.shift();
      if (ask === undefined) return;
      this.#questionsInFlight += 1;
      ask();
    }
  }

  #reply(reply: ByteString): void {
    this.#replyBytes += reply.length;
    if (this.#waiting.length === 0) this.#ready.push(reply);
    else this.#waiting.push({ reply });
  }

  /** Moves what is no longer behind an awaited reply. */
  #advance(): void {
    let count = 0;
    for (const { reply } of this.#waiting) {
      if (reply === undefined) break;
      this.#ready.push(reply);
      count += 1;
    }
    this.#waiting.splice(0, count);
    this.#relax();
    if (count > 0) this.#onReady();
  }

  /** Goes on with what had to wait, if it need no longer. */
  #relax(): void {
    this.#askHeld();
    if (this.#onCalm === undefined || this.#isBusy) return;
    this.#onCalm();
    this.#onCalm = undefined;
  }

  get #isBusy(): boolean {
    return !this.#isAbandoned &&
      (this.#waiting.length >= maxRepliesWaiting ||
        this.#replyBytes >= maxReplyBytesWaiting);
  }
}
