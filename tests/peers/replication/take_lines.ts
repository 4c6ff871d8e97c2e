/**
 * Takes lines out of an outbox, as text.
 *
 * @module
 */
import type { Outbox } from "../../../peers/replication/outbox.ts";

/** The lines of the next write. */
export function takeLines(outbox: Outbox): string[] {
  const batch = outbox.takeBatch();
  if (batch === undefined) return [];
  const { ends, text } = batch;
  const lines = ends.map((end, index) =>
    text.slice(ends[index - 1] ?? 0, end - 1)
  );
  outbox.release(batch);
  return lines;
}

/** The lines of all writes until the outbox is empty. */
export function takeAllLines(outbox: Outbox): string[] {
  const lines: string[] = [];
  for (let next; (next = takeLines(outbox)).length > 0;) lines.push(...next);
  return lines;
}
