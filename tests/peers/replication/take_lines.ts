/**
 * Lines between servers, as text.
 *
 * @module
 */
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseMessage } from "../../../peers/replication/messages.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { readDeletion } from "../../../protocol/deletion.ts";
import { parseReport, Report } from "../../../protocol/report.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";

/** Lets a server receive a line from a neighbour. */
export function receive(router: FloodRouter, from: string, line: string): void {
  const report = parseReport(line, () => true);
  const deletion = parseDeletion(line);
  if (report !== undefined) router.accept(report, from);
  else if (deletion !== undefined) router.delete(deletion, from);
  else router.receive(from, parseMessage(line, () => true)!);
}

/** The deletion in a line; undefined if it is another line. */
export function parseDeletion(line: string): Report | undefined {
  const deletion = new Report();
  const bytes = encodeBytes(line);
  return readDeletion(bytes, 0, bytes.length, deletion) ? deletion : undefined;
}

/** The lines of the next write, except the server's clock. */
export function takeLines(outbox: Outbox): string[] {
  let batch = outbox.takeBatch();
  // It does a limited amount of work at once.
  while (batch === undefined && outbox.hasMore) batch = outbox.takeBatch();
  if (batch === undefined) return [];
  const { ends, text } = batch;
  const lines = ends.map((end, index) =>
    text.slice(ends[index - 1] ?? 0, end - 1)
  );
  outbox.release(batch);
  return lines.filter((line) => !line.startsWith("+CLOCK "));
}

/** The lines of all writes until the outbox is empty. */
export function takeAllLines(outbox: Outbox): string[] {
  const lines: string[] = [];
  for (let next; (next = takeLines(outbox)).length > 0;) lines.push(...next);
  return lines;
}
