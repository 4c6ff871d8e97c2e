/**
 * A link on which the comparison at the beginning is over.
 *
 * @module
 */
import type { Outbox } from "../../../peers/replication/outbox.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { takeLines } from "../replication/take_lines.ts";

/** Links a server with a neighbour that knows nothing more than it does. */
export function linkUp(replica: FloodRouter, neighbour: string): Outbox {
  const outbox = replica.link(neighbour);
  takeLines(outbox);
  replica.receive(neighbour, { verb: "SYNCED" });
  return outbox;
}
