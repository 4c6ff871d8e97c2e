/**
 * A link after its first comparison.
 *
 * @module
 */
import type { Outbox } from "../../../peers/replication/outbox.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { takeLines } from "../replication/take_lines.ts";

/**
 * Links a server with a neighbour that has sent the same key of the digest tree,
 * so that they can compare. Its own key is still to be sent.
 */
export function linkAligned(router: FloodRouter, neighbour: string): Outbox {
  const outbox = router.link(neighbour);
  router.receive(neighbour, { verb: "TREE", key: router.treeKey });
  return outbox;
}

/** Links a server with a neighbour, with which it has caught up at once. */
export function linkUp(router: FloodRouter, neighbour: string): Outbox {
  const outbox = linkAligned(router, neighbour);
  takeLines(outbox);
  router.receive(neighbour, { verb: "SYNCED" });
  return outbox;
}
