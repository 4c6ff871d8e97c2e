/**
 * Reads the answers of an HTTP connection.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";

/** An answer. */
export interface ReadAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: ByteString;
}

/** All answers of a stream. Those to HEAD requests are told by `heads`. */
export function readAnswers(
  stream: ByteString,
  heads: readonly number[] = [],
): ReadAnswer[] {
  const answers: ReadAnswer[] = [];
  for (let at = 0; at < stream.length;) {
    const headEnd = stream.indexOf("\r\n\r\n", at);
    if (headEnd < 0) throw new Error(`no head: ${stream.slice(at)}`);
    const [first, ...lines] = stream.slice(at, headEnd).split("\r\n");
    const status = Number(first.match(/^HTTP\/1\.1 (\d{3}) /)![1]);
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }));
    const isHead = heads.includes(answers.length);
    const length = isHead ? 0 : Number(headers.get("content-length") ?? 0);
    const start = headEnd + 4;
    at = start + length;
    const body = stream.slice(start, at);
    if (body.length < length) throw new Error(`cut: ${body}`);
    answers.push({ status, headers, body });
  }
  return answers;
}

/** Status and body, as one text. */
export function summary({ body, status }: ReadAnswer): string {
  return `${status} ${body}`;
}
