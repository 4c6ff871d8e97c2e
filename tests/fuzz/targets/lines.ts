/**
 * The framer, `protocol/framer.ts`.
 *
 * For every stream, in any chunks, and for several limits:
 *
 * - the lines are those of a split at LF;
 * - no line follows a line over the limit, and `tooLong` contains only its
 *   first bytes, at most 1,024;
 * - otherwise `unfinished`, and the line that `end` finds, are the bytes after
 *   the last LF.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  encodeInto,
} from "../../../protocol/bytes.ts";
import { LineFramer } from "../../../protocol/framer.ts";
import { maxLineBytes, tooLongEchoBytes } from "../../../protocol/limits.ts";
import { chunkings } from "../chunks.ts";
import { linesOf } from "../reference/lines.ts";
import {
  demand,
  demandAlike,
  demandSame,
  magnitude,
  type Target,
} from "../target.ts";

const lineFeed = 0x0a;

/** Creates a framer with this limit. */
type CreateFramer = (maxBytes: number) => LineFramer;

const limits = [0, 5, 512, maxLineBytes];

/** The buffer for all chunks. */
const buffer = allocateBuffer(2 * maxLineBytes);

/** @param create Creates the framer under test. */
export function linesTarget(
  create: CreateFramer = (maxBytes) => new LineFramer(maxBytes),
): Target {
  return {
    name: "lines",
    tokens: [
      "\n\n",
      "kiwi\n",
      "\r\n",
      "12345\n",
      "123456\n",
      "12345",
      "123456",
    ],
    check(stream) {
      let signature = "";
      for (const limit of limits) {
        const ways = chunkings(stream);
        for (const chunks of ways) checkFramer(create(limit), chunks, limit);
        const { tooLong, whole } = linesOf(stream, limit);
        const end = tooLong === undefined ? "end" : "too long";
        signature += `${magnitude(whole.length)} ${end}, `;
      }
      return signature + magnitude(stream.length);
    },
  };
}

function checkFramer(
  framer: LineFramer,
  chunks: readonly ByteString[],
  limit: number,
): void {
  const expected = linesOf(chunks.join(""), limit);
  const lines: ByteString[] = [];
  for (const chunk of chunks) {
    encodeInto(chunk, buffer);
    // Bytes after the chunk must have no effect.
    buffer[chunk.length] = lineFeed;
    framer.push(buffer, chunk.length);
    while (framer.next()) lines.push(framer.line);
    // The next read overwrites the buffer.
    buffer.fill(lineFeed, 0, chunk.length);
  }
  const what = `limit ${limit}, ${chunks.length} chunks:`;
  demandAlike(`${what} the lines`, lines, expected.whole);
  const { tooLong } = framer;
  demandSame(
    `${what} whether one is too long`,
    tooLong !== undefined,
    expected.tooLong !== undefined,
  );
  if (tooLong !== undefined) {
    // The framer may have refused the line before more of it arrived.
    const least = Math.min(limit + 1, tooLongEchoBytes);
    demand(`${what} the start is shown`, tooLong.length >= least);
    const start = expected.tooLong!.slice(0, tooLongEchoBytes);
    demandSame(`${what} its start`, start.startsWith(tooLong), true);
    demandSame(`${what} a line at the end`, framer.end(), false);
    return;
  }
  demandSame(`${what} what is unfinished`, framer.unfinished, expected.last);
  demandSame(`${what} a last line`, framer.end(), expected.last !== "");
  if (expected.last !== "") {
    demandSame(`${what} the last line`, framer.line, expected.last);
  }
}
