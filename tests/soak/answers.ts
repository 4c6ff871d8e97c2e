/**
 * Holds the answers on one connection against what was asked: each has to be
 * there, in its place, and right to the last byte.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { fieldsOf, isNewer, receivedAtOf } from "../../protocol/report.ts";
import { names } from "../end_to_end/process.ts";
import { positionAt } from "./words.ts";

/** An IAMAT, whose answer is an AT line. */
export interface ReportAsked {
  readonly kind: "report";
  /** The server that was told. */
  readonly server: string;
  readonly client: ByteString;
  readonly position: ByteString;
  readonly time: ByteString;
  /** When it was sent, in milliseconds since 1970. */
  readonly askedAtMs: number;
}

/** A line that is no command, which comes back. */
export interface EchoAsked {
  readonly kind: "echo";
  readonly line: ByteString;
  readonly askedAtMs: number;
}

/** A WHATSAT. */
export interface QuestionAsked {
  readonly kind: "question";
  readonly line: ByteString;
  readonly client: ByteString;
  /**
   * The newest AT line that this server is known to have had before: it must
   * know that one or a newer one. Without it the client may be unknown.
   */
  readonly atLeast: ByteString | undefined;
  /** The places that belong to an AT line. */
  readonly places: (line: ByteString) => ByteString;
  readonly askedAtMs: number;
}

/** A line that was sent, and what its answer has to be like. */
export type Asked = ReportAsked | EchoAsked | QuestionAsked;

/** How far a clock may be wrong, in milliseconds. */
const clockSlackMs = 100;

/** What is wrong with answers, each told in a line. */
export interface AnswerFault {
  readonly kind: "wrong" | "reordered" | "lost";
  readonly detail: string;
}

/** The text of an answer that is worth a look, in characters. */
const shownLength = 300;

/** Shows bytes on one line. */
export function show(bytes: ByteString): string {
  const text = JSON.stringify(bytes);
  return text.length > shownLength ? `${text.slice(0, shownLength)}...` : text;
}

/** A line without an answer. */
interface Pending {
  readonly asked: Asked;
  /** Whether a line behind it has been answered. */
  isSkipped: boolean;
}

/** Reads the answers on one connection. */
export class AnswerChecker {
  readonly #onAnswer: (asked: Asked, firstLine: ByteString) => void;
  readonly #onFault: (fault: AnswerFault) => void;
  readonly #now: () => number;
  readonly #pending: Pending[] = [];
  #text: ByteString = "";
  #answered = 0;

  /**
   * @param onAnswer Told of every right answer.
   * @param now Milliseconds since 1970.
   */
  constructor(
    onAnswer: (asked: Asked, firstLine: ByteString) => void,
    onFault: (fault: AnswerFault) => void,
    now: () => number = Date.now,
  ) {
    this.#onAnswer = onAnswer;
    this.#onFault = onFault;
    this.#now = now;
  }

  /** Lines that have no answer yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /** The answers that were right. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether an answer has begun to come in, and has no end. */
  get isWithinAnswer(): boolean {
    return this.#text !== "" && !this.#isWhole;
  }

  /** What has waited longest for its answer. */
  get oldest(): Asked | undefined {
    return this.#pending[0]?.asked;
  }

  /** A line is sent: its answer will come behind those of the lines before. */
  expect(asked: Asked): void {
    this.#pending.push({ asked, isSkipped: false });
  }

  /** Bytes came in. */
  push(bytes: ByteString): void {
    const text = this.#text + bytes;
    let start = 0;
    while (true) {
      const end = this.#endOfAnswer(text, start);
      if (end < 0) break;
      this.#take(text.slice(start, end));
      start = end;
    }
    this.#text = text.slice(start);
  }

  /**
   * The connection is over.
   *
   * @param isExcused Whether something was done to it, so that lines without an
   * answer are no fault. Those that later ones have overtaken always are.
   */
  end(isExcused: boolean): void {
    if (this.#isWhole) {
      this.#take(this.#text);
      this.#text = "";
    }
    const lost = this.#pending.filter(({ isSkipped }) =>
      isSkipped || !isExcused
    );
    for (const { asked } of lost) {
      this.#onFault({
        kind: "lost",
        detail: `no answer to ${describe(asked)}`,
      });
    }
    if (!isExcused && this.#text !== "") {
      const detail = `the stream ends within ${show(this.#text)}`;
      this.#onFault({ kind: "wrong", detail });
    }
    this.#pending.length = 0;
    this.#text = "";
  }

  /** The index behind the answer that begins at `start`; -1 if it goes on. */
  #endOfAnswer(text: ByteString, start: number): number {
    const lineEnd = text.indexOf("\n", start) + 1;
    if (lineEnd === 0) return -1;
    if (!text.startsWith("AT ", start)) return lineEnd;
    const next = this.#next?.asked;
    if (next === undefined) return lineEnd;
    // Behind an AT line that answers a question there are places.
    if (lineEnd === text.length) {
      const line = text.slice(start, lineEnd);
      const isDone = next.kind === "report" &&
        faultOf(next, line, this.#now()) === undefined;
      return isDone ? lineEnd : -1;
    }
    if (text[lineEnd] !== "{") return lineEnd;
    const bodyEnd = text.indexOf("\n\n", lineEnd);
    return bodyEnd < 0 ? -1 : bodyEnd + 2;
  }

  /** Whether what is left at the end is an answer, though it may be wrong. */
  get #isWhole(): boolean {
    return this.#text.endsWith("\n") &&
      this.#next?.asked.kind !== "question";
  }

  /** The line whose answer comes next. */
  get #next(): Pending | undefined {
    return this.#pending.find(({ isSkipped }) => !isSkipped);
  }

  #take(answer: ByteString): void {
    const nowMs = this.#now();
    const fits = ({ asked }: Pending) =>
      faultOf(asked, answer, nowMs) === undefined;
    const expected = this.#pending.findIndex(({ isSkipped }) => !isSkipped);
    const isInPlace = expected >= 0 && fits(this.#pending[expected]);
    const index = isInPlace ? expected : this.#pending.findIndex(fits);
    if (index < 0) return this.#refuse(expected, answer);
    const [{ asked, isSkipped }] = this.#pending.splice(index, 1);
    if (isSkipped) {
      const detail = `${show(answer)} came late`;
      this.#onFault({ kind: "reordered", detail });
      return;
    }
    for (const overtaken of this.#pending.slice(0, index)) {
      overtaken.isSkipped = true;
    }
    this.#answered += 1;
    this.#onAnswer(asked, answer.slice(0, answer.indexOf("\n")));
  }

  /** Takes it for the answer that should have come. */
  #refuse(expected: number, answer: ByteString): void {
    if (expected < 0) {
      const detail = `nobody has asked for ${show(answer)}`;
      this.#onFault({ kind: "wrong", detail });
      return;
    }
    const [{ asked }] = this.#pending.splice(expected, 1);
    const fault = faultOf(asked, answer, this.#now());
    this.#onFault({
      kind: "wrong",
      detail: `${fault}: ${show(answer)} to ${describe(asked)}`,
    });
  }
}

function describe(asked: Asked): string {
  if (asked.kind !== "report") return show(asked.line);
  return show(`IAMAT ${asked.client} ${asked.position} ${asked.time}`);
}

/** What is wrong with an answer; undefined if nothing is. */
function faultOf(
  asked: Asked,
  answer: ByteString,
  nowMs: number,
): string | undefined {
  if (asked.kind === "echo") {
    return answer === `? ${asked.line}\n` ? undefined : "no echo";
  }
  const lineEnd = answer.indexOf("\n");
  const line = answer.slice(0, lineEnd);
  const body = answer.slice(lineEnd + 1);
  if (asked.kind === "report") {
    const { client, position, server, time } = asked;
    return faultOfLine(line, asked.askedAtMs, nowMs, {
      client,
      position,
      server,
      time,
    }) ?? (body === "" ? undefined : "more than an AT line");
  }
  if (answer === `? ${asked.line}\n`) {
    return asked.atLeast === undefined ? undefined : "the client is known";
  }
  const fault = faultOfLine(line, -Infinity, nowMs, { client: asked.client });
  if (fault !== undefined) return fault;
  if (asked.atLeast !== undefined && isNewer(asked.atLeast, line)) {
    return `a newer one was known: ${show(asked.atLeast)}`;
  }
  return body === `${asked.places(line)}\n\n` ? undefined : "other places";
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
  const heardAtMs = receivedAtOf(line) * 1000;
  const isHeardThen = heardAtMs >= notBeforeMs - clockSlackMs &&
    heardAtMs <= nowMs + clockSlackMs;
  return isHeardThen ? undefined : "an impossible clock difference";
}
