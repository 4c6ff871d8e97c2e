/**
 * What waits for a neighbour, as text.
 *
 * @module
 */
import type { Outbox } from "../../peers/outbox.ts";

/** Takes out what goes into the next write, line by line. */
export function takeLines(outbox: Outbox): string[] {
  const batch = outbox.take();
  if (batch === undefined) return [];
  const { ends, text } = batch;
  const lines = ends.map((end, index) =>
    text.slice(ends[index - 1] ?? 0, end - 1)
  );
  outbox.release(batch);
  return lines;
}
