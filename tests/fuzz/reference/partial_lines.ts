/**
 * A second implementation of "Commands without LF" in docs/PROTOCOL.md, for one
 * connection. It is slow and simple, and uses no code of protocol/ or sessions/.
 *
 * @module
 */
import { atLine, isWhiteSpace, readCommand } from "./commands.ts";
import type { Instant } from "./numbers.ts";

/** The limits of the connection, and the server's clock. */
export interface PartialLinesOptions {
  readonly partialLineMs: number;
  readonly maxLineBytes: number;
  readonly tooLongEchoBytes: number;
  /** What the clock always says. */
  readonly now: Instant;
  /** The body of the answer to a query. */
  readonly bodyOf: (radius: string, bound: string) => string;
}

/** A reply; the answer to a query is open until the query is answered. */
interface Reply {
  readonly text: string;
  isOpen: boolean;
}

/** What a server sends to a client, by the time at which it sends it. */
export class PartialLines {
  /** How often each rule was used. */
  readonly counts = { answered: 0, joined: 0, waited: 0, incomplete: 0 };
  readonly #options: PartialLinesOptions;
  readonly #known = new Map<string, string>();
  readonly #replies: Reply[] = [];
  #unfinished = "";
  /** Whether the LF of an answered command may still come. */
  #isLineFeedDue = false;
  /** The silence that is missing; undefined if nothing waits for it. */
  #dueInMs: number | undefined;
  #isTooLong = false;

  constructor(options: PartialLinesOptions) {
    this.#options = options;
  }

  /** Whether a line was too long, after which nothing is read. */
  get isTooLong(): boolean {
    return this.#isTooLong;
  }

  /** The client has sent bytes. */
  receive(bytes: string): void {
    if (this.#isTooLong || bytes === "") return;
    const lines = (this.#unfinished + bytes).split("\n");
    this.#unfinished = lines.pop()!;
    for (const line of lines) {
      if (line.length > this.#options.maxLineBytes) return this.#refuse(line);
      this.#takeLine(line);
    }
    if (this.#unfinished.length > this.#options.maxLineBytes) {
      return this.#refuse(this.#unfinished);
    }
    this.#dueInMs = this.#unfinished === ""
      ? undefined
      : this.#options.partialLineMs;
  }

  /** The client sends nothing for a while. */
  elapse(ms: number): void {
    if (this.#dueInMs === undefined) return;
    this.#dueInMs -= ms;
    while (this.#dueInMs !== undefined && this.#dueInMs <= 0) this.#onDue();
  }

  /** The places service answers all queries. */
  answerQueries(): void {
    for (const reply of this.#replies) reply.isOpen = false;
  }

  /** The client ends its side. */
  end(): void {
    if (this.#isTooLong || this.#unfinished === "") return;
    const line = this.#unfinished;
    this.#unfinished = "";
    this.#takeLine(line);
  }

  /** Removes and returns what can be sent by now. */
  takeReplies(): string {
    const open = this.#replies.findIndex(({ isOpen }) => isOpen);
    const count = open < 0 ? this.#replies.length : open;
    return this.#replies.splice(0, count).map(({ text }) => text).join("");
  }

  #onDue(): void {
    if (this.#replies.some(({ isOpen }) => isOpen)) {
      this.counts.waited += 1;
      this.#dueInMs! += this.#options.partialLineMs;
      return;
    }
    this.#dueInMs = undefined;
    if (readCommand(this.#unfinished).verb === undefined) {
      this.counts.incomplete += 1;
      return;
    }
    this.counts.answered += 1;
    this.#reply(this.#unfinished);
    this.#unfinished = "";
    this.#isLineFeedDue = true;
  }

  #takeLine(line: string): void {
    const mayBelong = this.#isLineFeedDue;
    this.#isLineFeedDue = false;
    if (mayBelong && [...line].every(isWhiteSpace)) this.counts.joined += 1;
    else this.#reply(line);
  }

  #refuse(line: string): void {
    this.#isTooLong = true;
    this.#dueInMs = undefined;
    this.#replies.push({
      text: `? ${line.slice(0, this.#options.tooLongEchoBytes)}\n`,
      isOpen: false,
    });
  }

  #reply(line: string): void {
    const { bodyOf, now } = this.#options;
    const reading = readCommand(line);
    const [client, ...area] = reading.verb === undefined
      ? []
      : reading.operands;
    const newest = this.#known.get(client);
    if (reading.verb === "IAMAT") {
      const report = atLine("Hill", now, reading.operands);
      this.#known.set(client, report);
      this.#replies.push({ text: `${report}\n`, isOpen: false });
    } else if (reading.verb === undefined || newest === undefined) {
      this.#replies.push({ text: `? ${line}\n`, isOpen: false });
    } else {
      const body = bodyOf(area[0], area[1]);
      this.#replies.push({ text: `${newest}\n${body}\n\n`, isOpen: true });
    }
  }
}
