/**
 * What waits for a neighbour, as text.
 *
 * @module
 */
import type { Outbox } from "../../../peers/replication/outbox.ts";

/** Takes out what goes into the next write, line by line. */
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

/** Takes out all there is, in as many writes as it needs. */
export function takeAllLines(outbox: Outbox): string[] {
  const lines: string[] = [];
  for (let some; (some = takeLines(outbox)).length > 0;) lines.push(...some);
  return lines;
}
