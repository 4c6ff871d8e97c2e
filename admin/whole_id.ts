/**
 * Whole IDs of clients, for the page that has only cut ones. The work is divided
 * into pieces, as an ID may be long and clients many.
 *
 * @module
 */
import { escapeBytes } from "../log/escape.ts";
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";
import { clientOf } from "../protocol/report.ts";
import type { Replica } from "../replica/replica.ts";
import { escapedPieceBytes, selectedLines } from "./limits.ts";
import { characterStart, showId, startOfCutId } from "./shown_id.ts";
import type { WorkQueue } from "./work_queue.ts";

/**
 * The AT line of the client whose ID is shown like this; undefined if there is
 * none. Looks at all clients. Rejects if the replica does.
 */
export async function findShown(
  server: Pick<Replica, "select">,
  shown: string,
  work: WorkQueue,
): Promise<ByteString | undefined> {
  const start = startOfCutId(shown);
  if (start === undefined) return undefined;
  let cursor: string | undefined;
  do {
    await work.next();
    const { lines, next } = await server.select(
      // A `*` in the ID matches itself and more.
      `${start}*`,
      selectedLines,
      cursor,
    );
    const found = lines.find((line) => showId(clientOf(line)) === shown);
    if (found !== undefined) return found;
    cursor = next;
  } while (cursor !== undefined);
  return undefined;
}

/** A whole ID, escaped as in the log. */
export async function escapeWhole(
  id: ByteString,
  work: WorkQueue,
): Promise<string> {
  let text = "";
  for (let start = 0; start < id.length;) {
    if (start > 0) await work.next();
    const end = start + escapedPieceBytes;
    const next = end < id.length ? characterStart(id, end) : id.length;
    text += escapeBytes(id.slice(start, next));
    start = next;
  }
  return textOfBytes(text);
}
