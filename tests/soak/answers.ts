/**
 * Checks the answers on one connection: each line sent must have an answer, in
 * order, and correct to the last byte.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { heardSecondsOf, isMissing } from "../../protocol/order.ts";
import { fieldsOf } from "../../protocol/report.ts";
import { names } from "../end_to_end/process.ts";
import { positionAt } from "./random_lines.ts";

/** An IAMAT, whose answer is an AT line. */
export interface ReportLine {
  readonly kind: "report";
  /** The server that it was sent to. */
  readonly server: string;
  readonly client: ByteString;
  readonly position: ByteString;
  readonly time: ByteString;
  /** When it was sent, in milliseconds since 1970. */
  readonly sentAtMs: number;
}

/** A line that is no command. The answer repeats it. */
export interface InvalidLine {
  readonly kind: "echo";
  readonly line: ByteString;
  readonly sentAtMs: number;
}

/** A WHATSAT. */
export interface QueryLine {
  readonly kind: "query";
  readonly line: ByteString;
  readonly client: ByteString;
  /**
   * The newest AT line that this server is known to have had before. The answer
   * must have this line or a newer one. Undefined if the client may be unknown.
   */
  readonly atLeast: ByteString | undefined;
  /** The expected places for an AT line. */
  readonly places: (line: ByteString) => ByteString;
  readonly sentAtMs: number;
}

/** A line whose answer is the newest AT line of a client, by a gateway. */
export interface NewestLine {
  readonly kind: "newest";
  readonly line: ByteString;
  readonly client: ByteString;
  /** AT lines of which the answer must have each, or a newer one. */
  readonly atLeast: readonly ByteString[];
  readonly sentAtMs: number;
}

/** A line that was sent, and what is expected of its answer. */
export type SentLine = ReportLine | InvalidLine | QueryLine | NewestLine;

/** Tolerance for clock errors, in milliseconds. */
const clockSlackMs = 100;

/** A wrong, misplaced or missing answer, described in one line. */
export interface AnswerFault {
  readonly kind: "wrong" | "reordered" | "lost";
  readonly detail: string;
}

/** Longest description of bytes, in characters. */
const maxShownLength = 300;

/** Formats bytes on one line. */
export function show(bytes: ByteString): string {
  const text = JSON.stringify(bytes);
  return text.length > maxShownLength
    ? `${text.slice(0, maxShownLength)}...`
    : text;
}

/** A line without an answer. */
interface Pending {
  readonly sent: SentLine;
  /** Whether a later line has been answered. */
  isSkipped: boolean;
}

/** Checks the answers on one connection. */
export class AnswerChecker {
  readonly #onAnswer: (sent: SentLine, firstLine: ByteString) => void;
  readonly #onFault: (fault: AnswerFault) => void;
  readonly #now: () => number;
  readonly #pending: Pending[] = [];
  #text: ByteString = "";
  #answered = 0;

  /**
   * @param onAnswer Called for each correct answer.
   * @param now Milliseconds since 1970.
   */
  constructor(
    onAnswer: (sent: SentLine, firstLine: ByteString) => void,
    onFault: (fault: AnswerFault) => void,
    now: () => number = Date.now,
  ) {
    this.#onAnswer = onAnswer;
    this.#onFault = onFault;
    this.#now = now;
  }

  /** The number of lines without an answer. */
  get pending(): number {
    return this.#pending.length;
  }

  /** The number of correct answers. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether a part of an answer has been received. */
  get isWithinAnswer(): boolean {
    return this.#text !== "" && !this.#isWhole;
  }

  /** The oldest line without an answer. */
  get oldest(): SentLine | undefined {
    return this.#pending[0]?.sent;
  }

  /** Expects the answer to a line, after those to earlier lines. */
  expect(sent: SentLine): void {
    this.#pending.push({ sent, isSkipped: false });
  }

  /** Checks received bytes. */
  push(bytes: ByteString): void {
    const text = this.#text + bytes;
    let start = 0;
    while (true) {
      const end = this.#endOfAnswer(text, start);
      if (end < 0) break;
      this.#check(text.slice(start, end));
      start = end;
    }
    this.#text = text.slice(start);
  }

  /**
   * Checks what is left when the connection has ended.
   *
   * @param isExcused Whether the soak has caused the end. Lines without an
   * answer are no fault then, unless a later line was answered.
   */
  end(isExcused: boolean): void {
    if (this.#isWhole) {
      this.#check(this.#text);
      this.#text = "";
    }
    const lost = this.#pending.filter(({ isSkipped }) =>
      isSkipped || !isExcused
    );
    for (const { sent } of lost) {
      this.#onFault({ kind: "lost", detail: `no answer to ${describe(sent)}` });
    }
    if (!isExcused && this.#text !== "") {
      const detail = `the stream ends within ${show(this.#text)}`;
      this.#onFault({ kind: "wrong", detail });
    }
    this.#pending.length = 0;
    this.#text = "";
  }

  /** The end of the answer that begins at `start`; -1 if it is incomplete. */
  #endOfAnswer(text: ByteString, start: number): number {
    const lineEnd = text.indexOf("\n", start) + 1;
    if (lineEnd === 0) return -1;
    if (!text.startsWith("AT ", start)) return lineEnd;
    const next = this.#next?.sent;
    if (next === undefined) return lineEnd;
    // In the answer to a query, places follow the AT line.
    if (lineEnd === text.length) {
      const line = text.slice(start, lineEnd);
      const isComplete = (next.kind === "report" || next.kind === "newest") &&
        faultOf(next, line, this.#now()) === undefined;
      return isComplete ? lineEnd : -1;
    }
    if (text[lineEnd] !== "{") return lineEnd;
    const bodyEnd = text.indexOf("\n\n", lineEnd);
    return bodyEnd < 0 ? -1 : bodyEnd + 2;
  }

  /** Whether the remaining bytes are a complete answer, correct or not. */
  get #isWhole(): boolean {
    return this.#text.endsWith("\n") &&
      this.#next?.sent.kind !== "query";
  }

  /** The line whose answer is expected next. */
  get #next(): Pending | undefined {
    return this.#pending.find(({ isSkipped }) => !isSkipped);
  }

  #check(answer: ByteString): void {
    const nowMs = this.#now();
    const fits = ({ sent }: Pending) =>
      faultOf(sent, answer, nowMs) === undefined;
    const expected = this.#pending.findIndex(({ isSkipped }) => !isSkipped);
    const isInPlace = expected >= 0 && fits(this.#pending[expected]);
    const index = isInPlace ? expected : this.#pending.findIndex(fits);
    if (index < 0) return this.#reject(expected, answer);
    const [{ sent, isSkipped }] = this.#pending.splice(index, 1);
    if (isSkipped) {
      const detail = `${show(answer)} came late`;
      this.#onFault({ kind: "reordered", detail });
      return;
    }
    for (const earlier of this.#pending.slice(0, index)) {
      earlier.isSkipped = true;
    }
    this.#answered += 1;
    this.#onAnswer(sent, answer.slice(0, answer.indexOf("\n")));
  }

  /** Counts a wrong answer as the answer to the line expected next. */
  #reject(expected: number, answer: ByteString): void {
    if (expected < 0) {
      const detail = `no line was sent for ${show(answer)}`;
      this.#onFault({ kind: "wrong", detail });
      return;
    }
    const [{ sent }] = this.#pending.splice(expected, 1);
    const fault = faultOf(sent, answer, this.#now());
    this.#onFault({
      kind: "wrong",
      detail: `${fault}: ${show(answer)} to ${describe(sent)}`,
    });
  }
}

function describe(sent: SentLine): string {
  if (sent.kind !== "report") return show(sent.line);
  return show(`IAMAT ${sent.client} ${sent.position} ${sent.time}`);
}

/** The fault of an answer; undefined if it is correct. */
function faultOf(
  sent: SentLine,
  answer: ByteString,
  nowMs: number,
): string | undefined {
  if (sent.kind === "echo") {
    return answer === `? ${sent.line}\n` ? undefined : "no echo";
  }
  const lineEnd = answer.indexOf("\n");
  const line = answer.slice(0, lineEnd);
  const body = answer.slice(lineEnd + 1);
  if (sent.kind === "report") {
    const { client, position, server, time } = sent;
    return faultOfLine(line, sent.sentAtMs, nowMs, {
      client,
      position,
      server,
      time,
    }) ?? (body === "" ? undefined : "more than an AT line");
  }
  if (sent.kind === "newest") {
    const missing = sent.atLeast.find((known) => isMissing(known, line));
    return faultOfLine(line, -Infinity, nowMs, { client: sent.client }) ??
      (missing === undefined ? undefined : `older than ${show(missing)}`) ??
      (body === "" ? undefined : "more than an AT line");
  }
  if (answer === `? ${sent.line}\n`) {
    return sent.atLeast === undefined ? undefined : "the client is known";
  }
  const fault = faultOfLine(line, -Infinity, nowMs, { client: sent.client });
  if (fault !== undefined) return fault;
  if (sent.atLeast !== undefined && isMissing(sent.atLeast, line)) {
    return `older than a known report: ${show(sent.atLeast)}`;
  }
  return body === `${sent.places(line)}\n\n` ? undefined : "other places";
}

interface LineFields {
  readonly client: ByteString;
  readonly server?: string;
  readonly position?: ByteString;
  readonly time?: ByteString;
}

function faultOfLine(
  line: ByteString,
  notBeforeMs: number,
  nowMs: number,
  fields: LineFields,
): string | undefined {
  if (!line.startsWith("AT ")) return "no AT line";
  const found = fieldsOf(line);
  if (found.length !== 5) return "not six fields";
  const [server, difference, client, position, time] = found;
  if (!names.includes(server)) return "an unknown server";
  if (!/^[+-]\d{1,16}\.\d{9}$/.test(difference)) return "no clock difference";
  if (client !== fields.client) return "another client";
  if (server !== (fields.server ?? server)) return "another server";
  if (time !== (fields.time ?? time)) return "another time";
  if (position !== (fields.position ?? positionAt(time))) {
    return "another position";
  }
  const receivedAtMs = heardSecondsOf(line) * 1000;
  const isPossible = receivedAtMs >= notBeforeMs - clockSlackMs &&
    receivedAtMs <= nowMs + clockSlackMs;
  return isPossible ? undefined : "an impossible clock difference";
}
