/**
 * Splits a stream of bytes into chunks, as a network may.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { fingerprint } from "../../peers/store/fingerprint.ts";
import { Random } from "../../runtime/random.ts";

/** Longest stream that is also split into single bytes, in bytes. */
const maxSingleBytes = 128;

/** Random numbers that depend only on an input. */
export function randomOf(input: ByteString): Random {
  return new Random(fingerprint(input) >>> 0);
}

/** A stream as one chunk, as random chunks, and if short as single bytes. */
export function chunkings(stream: ByteString): ByteString[][] {
  const ways = [[stream], cutAtRandom(stream)];
  return stream.length <= maxSingleBytes ? [...ways, [...stream]] : ways;
}

/** A stream in random chunks, which are the same for each call. */
export function cutAtRandom(stream: ByteString): ByteString[] {
  const random = randomOf(stream);
  const most = random.pick([3, 30, 300, 30_000]);
  const chunks: ByteString[] = [];
  for (let at = 0; at < stream.length;) {
    const end = at + 1 + random.below(most);
    chunks.push(stream.slice(at, end));
    at = end;
  }
  return chunks;
}
