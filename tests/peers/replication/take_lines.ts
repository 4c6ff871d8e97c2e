/**
 * Lines between servers, as text.
 *
 * @module
 */
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseMessage } from "../../../peers/replication/messages.ts";
import { parseReport } from "../../../protocol/report.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";

/** Lets a server receive a line from a neighbour. */
export function receive(router: FloodRouter, from: string, line: string): void {
  const report = parseReport(line, () => true);
  if (report !== undefined) router.accept(report, from);
  else router.receive(from, parseMessage(line, () => true)!);
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
