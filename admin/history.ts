/**
 * Answers `/history.json`: the positions of a client that a server has recorded.
 *
 * @module
 */
import { piecesOfAnswer, readAnswer } from "../history/answer.ts";
import { cursorFault, rangeHelp, readUrlQuery } from "../history/range.ts";
import {
  bytesOfText,
  type ByteString,
  encodeBytes,
} from "../protocol/bytes.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { HistoryReader } from "../replica/history.ts";
import { readClientId } from "./client_id.ts";
import { maxHistoryAnswers } from "./limits.ts";
import { commonHeaders, jsonType, replyText } from "./replies.ts";

/** What the answer needs. */
export interface HistorySite {
  /** The server's name. */
  readonly server: string;
  /** What the server has recorded; undefined if it records nothing. */
  readonly reader: HistoryReader | undefined;
  readonly now: () => Timestamp;
  /** Resolves when the next piece of work may be done. */
  readonly nextPiece: () => Promise<void>;
  /** A whole ID, escaped as in the log. */
  readonly escapeWhole: (id: ByteString) => Promise<string>;
  /** The answers that are under way at all ports of the process. */
  readonly answers: HistoryAnswers;
}

/** Counts answers that are under way, as each holds a page in memory. */
export class HistoryAnswers {
  #count = 0;

  /** Begins an answer; undefined if too many are under way. */
  begin(): (() => void) | undefined {
    if (this.#count >= maxHistoryAnswers) return undefined;
    this.#count += 1;
    let hasEnded = false;
    return () => {
      if (!hasEnded) this.#count -= 1;
      hasEnded = true;
    };
  }
}

/** Answers a request whose sender may see histories. */
export async function answerHistory(
  url: string,
  site: HistorySite,
): Promise<Response> {
  const { answers, escapeWhole, now, reader, server } = site;
  const query = readUrlQuery(new URL(url).search.slice(1), now());
  if ("fault" in query) return replyText(400, query.fault);
  const client = readClientId(query.id ?? "");
  if (client === undefined) {
    return replyText(
      400,
      `expected id=ID with an ID as the log writes it, and ${rangeHelp}`,
    );
  }
  if (reader === undefined) {
    return replyText(404, "the server records no history; --history DAYS does");
  }
  const end = answers.begin();
  if (end === undefined) {
    return replyText(503, "too many histories are being read", {
      "retry-after": "1",
    });
  }
  const { range } = query;
  const request = { server: bytesOfText(server), client, range };
  try {
    const page = await readAnswer(reader, request);
    const shown = bytesOfText(await escapeWhole(client));
    const pieces = piecesOfAnswer(page, request, shown);
    return new Response(streamOf(pieces, site.nextPiece, end), {
      headers: { ...commonHeaders, "content-type": jsonType },
    });
  } catch (error) {
    end();
    if (error instanceof RangeError) {
      return replyText(400, cursorFault);
    }
    const reason = error instanceof Error ? error.message : `${error}`;
    return replyText(503, `the history cannot be read now: ${reason}`);
  }
}

/** The pieces as a body, each when the other side has read the one before. */
function streamOf(
  pieces: Generator<ByteString>,
  nextPiece: () => Promise<void>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await nextPiece();
      const { done, value } = pieces.next();
      if (!done) return controller.enqueue(encodeBytes(value));
      onEnd();
      controller.close();
    },
    cancel: onEnd,
  }, { highWaterMark: 0 });
}
