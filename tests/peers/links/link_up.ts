/**
 * A link on which the comparison at the beginning is over.
 *
 * @module
 */
import type { Outbox } from "../../../peers/replication/outbox.ts";
import type { Herd } from "../../../peers/replication/replica.ts";
import { takeLines } from "../replication/take_lines.ts";

/** Links a server with a neighbour that knows nothing more than it does. */
export function linkUp(herd: Herd, neighbour: string): Outbox {
  const outbox = herd.link(neighbour);
  takeLines(outbox);
  herd.hear(neighbour, { verb: "SYNCED" });
  return outbox;
}
