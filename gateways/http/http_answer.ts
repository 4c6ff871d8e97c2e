/**
 * Answers in HTTP/1.1, as bytes.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";
import { reasonPhraseOf } from "../../runtime/reason_phrases.ts";

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  /** The media type of the body; undefined if it is empty. */
  readonly type?: string | undefined;
  readonly body: ByteString;
  /** What the log has instead of a body that is long; undefined for the body. */
  readonly logged?: ByteString;
  readonly headers?: readonly HeaderField[];
}

/** Name and value of a header field. */
export type HeaderField = readonly [name: string, value: ByteString];

/** What goes with every answer. */
export interface AnswerFraming {
  /** Whether the body is left out, as the request was a HEAD. */
  readonly isHead: boolean;
  /** Whether another request may follow. */
  readonly isPersistent: boolean;
  /** POSIX seconds. */
  readonly seconds: number;
}

/** An answer of one line of text, given without its end. */
export function textAnswer(
  status: number,
  text: string,
  headers: readonly HeaderField[] = [],
): HttpAnswer {
  const type = "text/plain; charset=utf-8";
  return { status, type, body: `${text}\n`, headers };
}

/** Sent before the body of a request that waits for it. */
export const continueBytes = encodeBytes("HTTP/1.1 100 Continue\r\n\r\n");

/** The bytes of an answer. */
export function formatAnswer(
  { body, headers = [], status, type }: HttpAnswer,
  { isHead, isPersistent, seconds }: AnswerFraming,
): Uint8Array {
  let text = `HTTP/1.1 ${status} ${reasonPhraseOf(status)}\r\n`;
  if (type !== undefined) text += `content-type: ${type}\r\n`;
  // RFC 9110, 8.6: a 204 has no length.
  if (status !== 204) text += `content-length: ${body.length}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  text += `date: ${dateOf(seconds)}\r\n`;
  text += `connection: ${isPersistent ? "keep-alive" : "close"}\r\n\r\n`;
  return encodeBytes(isHead ? text : text + body);
}

let dateSeconds = -1;
let dateText = "";

/** The date of the answers of one second. */
function dateOf(seconds: number): string {
  if (seconds !== dateSeconds) {
    dateSeconds = seconds;
    dateText = new Date(seconds * 1000).toUTCString();
  }
  return dateText;
}
