/**
 * Mistakes in the order of reports and in the comparison of clocks: one for each
 * rule, and one for each part of the code that orders reports.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const timeMutations: readonly Mutation[] = [
  {
    without: "ordering reports by when they were heard, where a clock is ahead",
    file: "protocol/order.ts",
    code: "return report.bytes[indexOfSign(report)] === plus;",
    instead: "return true;",
    noticed: "an older report replaced a newer one",
    firstSeed: 13,
    seeds: 1,
  },
  {
    without: "the seconds of the effective time in lists",
    file: "protocol/order.ts",
    code: "return first.read(report).effectiveSeconds;",
    instead: "return first.read(report).timeSeconds;",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 5,
  },
  {
    without: "answering repeated reports only",
    file: "peers/store/report_table.ts",
    code:
      'if (isOwn && this.#arena.isRepeated(known, report)) return "repeated";',
    instead: "",
    noticed: "a repeated report is news",
    firstSeed: 14,
    seeds: 2,
  },
  {
    without: "the time at which a report was heard in the order",
    file: "protocol/order.ts",
    code: "one.heardSeconds - other.heardSeconds ||\n" +
      "    one.heardNanoseconds - other.heardNanoseconds ||\n",
    instead: "",
    noticed: "an older report replaced a newer one",
    firstSeed: 1,
    seeds: 4,
  },
  {
    without: "the nanoseconds at which reports expire",
    file: "peers/store/report_store.ts",
    code: "const heard = heardAt(report);\n      if (isUntil(heard, horizon))",
    instead: "const heard = { ...heardAt(report), nanoseconds: 0 };\n" +
      "      if (isUntil(heard, horizon))",
    noticed: "a report that has not expired was refused",
    firstSeed: 9,
    seeds: 2,
  },
  {
    without: "keeping a newer report that waits for a neighbour",
    file: "peers/replication/outbox.ts",
    code: "if (waiting !== undefined && !isNewer(waiting, report.record)) {",
    instead: "if (waiting !== undefined) {",
    noticed: "no convergence",
    scenario: "an_older_report_comes_while_a_newer_one_waits.json",
  },
  {
    without: "refusing reports of a time that has not come",
    file: "peers/replication/flood_router.ts",
    code: "if (this.#clocks.isAhead(report)) {",
    instead: "if (report.end < 0) {",
    noticed: "a report of a time that has not come is accepted",
    firstSeed: 27,
    seeds: 1,
  },
  {
    without: "the clocks of neighbours",
    file: "peers/replication/clock_comparison.ts",
    code:
      "const clocks = [this.#own, ...this.#neighbours.values().map(furthest)];",
    instead: "const clocks = [this.#own];",
    noticed: "a report is refused though its time has come",
    firstSeed: 35,
    seeds: 1,
  },
  {
    without: "removing reports when clocks are set back",
    file: "peers/replication/flood_router.ts",
    code: "if (latest !== undefined) this.#store.removeAfter(latest);",
    instead: "",
    noticed: "no convergence",
    firstSeed: 48,
    seeds: 1,
  },
];
