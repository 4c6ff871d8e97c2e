/**
 * Mistakes with deletions, one for each of their rules. Those of expiry and of
 * the limit on their bytes are left to tests of `peers/store`: no simulated herd
 * runs for days or has so many.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const deletionMutations: readonly Mutation[] = [
  {
    without: "removing the report that a deletion reaches",
    file: "peers/store/report_store.ts",
    code: "if (isReached) this.#remove(client);",
    instead: "",
    noticed: "a deleted report is visible",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "refusing deleted reports",
    file: "peers/store/report_store.ts",
    code: "this.#table.deletions > 0 && this.#isDeleted(report)",
    instead: "false",
    noticed: "a deleted report was stored",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "keeping reports that were heard after the deletion",
    file: "peers/store/report_store.ts",
    code: "line !== undefined && isUntil(heardAtOf(line), until)",
    instead: "line !== undefined",
    noticed: "a server emits caught up too early",
    firstSeed: 396,
    seeds: 1,
  },
  {
    without: "taking reports that were heard after the deletion",
    file: "peers/store/report_store.ts",
    code:
      "until !== undefined && this.#period.fault(until) === undefined &&\n" +
      "      isUntil(heardAt(report), until)",
    instead: "until !== undefined",
    noticed: "a report that is not deleted was refused",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "the latest of two deletions",
    file: "peers/store/report_table.ts",
    code: "compareTimestamps(until, deletedUntil(deletion)) >= 0;",
    instead: "compareTimestamps(until, deletedUntil(deletion)) === 0;",
    noticed: "an earlier deletion replaced a later one",
    firstSeed: 52,
    seeds: 1,
  },
  {
    without: "taking a deletion in place of one that does not apply",
    file: "peers/store/report_table.ts",
    code: 'if (isLater && applies(until)) return "known";',
    instead: 'if (isLater) return "known";',
    noticed: "an earlier deletion replaced a later one",
    scenario: "a_deletion_of_a_wrong_clock_hides_another.json",
  },
  {
    without: "refusing deletions of a time that has not come",
    file: "peers/store/deletion_period.ts",
    code: '? "ahead"',
    instead: "? undefined",
    noticed: "a deletion is stored outside of its period",
    firstSeed: 1220,
    seeds: 1,
  },
  {
    without: "refusing deletions that have ended",
    file: "peers/store/deletion_period.ts",
    code: 'return "expired";',
    instead: "return undefined;",
    noticed: "a deletion is stored outside of its period",
    firstSeed: 1220,
    seeds: 1,
  },
  {
    without: "flooding deletions",
    file: "peers/replication/flood_router.ts",
    code: "if (neighbour !== from) outbox.put(deletion, stored.fingerprint);",
    instead: "",
    noticed: "no convergence",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "comparing deletions",
    file: "peers/replication/anti_entropy.ts",
    code: "if (!isHidden) onReport(report, walk);",
    instead: "if (!isHidden && !isDeletion(report)) onReport(report, walk);",
    noticed: "no convergence",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "a key of its own for a deletion in a list",
    file: "peers/replication/anti_entropy.ts",
    code: "const keyStart = isDeletion(record) ? start : clientStart;",
    instead: "const keyStart = clientStart;",
    noticed: "no convergence",
    firstSeed: 113,
    seeds: 1,
  },
  {
    without: "a key of its own for a deletion that waits",
    file: "protocol/deletion.ts",
    code: "const keyStart = isDeletion(record) ? start : clientStart;",
    instead: "const keyStart = clientStart;",
    noticed: "no convergence",
    firstSeed: 2870,
    seeds: 1,
  },
  {
    without: "dropping the deleted report that waits for a neighbour",
    file: "peers/replication/outbox.ts",
    code: "    this.#remove(key);\n    this.announcements.delete(fingerprint);",
    instead: "",
    noticed: "more reports wait for a neighbour than there are clients",
    firstSeed: 133,
    seeds: 1,
  },
];
