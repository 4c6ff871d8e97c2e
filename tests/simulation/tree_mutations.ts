/**
 * Mistakes in the keys of digest trees, and in what happens to reports that wait
 * for a slow neighbour. Three rules are left to tests of `peers/`, as comparisons
 * every 30 s hide most of what breaks without them: a SYNC is void when the keys
 * become different, a report that expires before its place in the new tree takes
 * none, and a comparison follows on what was dropped.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const treeMutations: readonly Mutation[] = [
  {
    without: "adopting the smaller key",
    file: "peers/replication/flood_router.ts",
    code: "else this.#startRebuild(key);",
    instead: "",
    noticed: "no convergence",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "telling the neighbours an adopted key",
    file: "peers/replication/flood_router.ts",
    code: "      peer.tellKey();\n",
    instead: "",
    noticed: "no convergence",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "adopting a key that was told during a rebuild",
    file: "peers/replication/flood_router.ts",
    code: "if (this.#store.isRebuilding) this.#nextKey = key;",
    instead: "if (this.#store.isRebuilding) return;",
    noticed: "a server has not caught up",
    firstSeed: 3,
    seeds: 8,
  },
  {
    without: "waiting for equal keys with SYNC",
    file: "peers/replication/peer_replication.ts",
    code: "return !store.isRebuilding && store.treeKey === this.#theirKey;",
    instead: "return true;",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "a place in the new tree for reports that replace others",
    file: "peers/store/report_table.ts",
    code:
      "if (!arena.isChained(known)) this.#chain(known, this.#leafOf(report));",
    instead: "",
    noticed: "a digest does not match the reports",
    firstSeed: 25,
    seeds: 8,
  },
  {
    without: "a limit on what waits for a neighbour",
    file: "peers/replication/outbox.ts",
    code: "if (isWithin) return;",
    instead: "return;",
    noticed: "more waits for a neighbour than the limit",
    firstSeed: 81,
    seeds: 1,
  },
];
