/**
 * Mistakes in the attributes of reports: one for each place at which servers
 * compare, store or send them.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const attributeMutations: readonly Mutation[] = [
  {
    without: "attributes in the fingerprint",
    file: "peers/store/report_table.ts",
    code: "fingerprintOf(view, start, recordEnd);\n    const number",
    instead: "fingerprintOf(view, start, report.end);\n    const number",
    noticed: "a digest does not match the reports",
    firstSeed: 1,
    seeds: 1,
  },
  {
    without: "attributes in the order of reports",
    file: "protocol/order.ts",
    code: "[a.recordEnd - a.start, b.recordEnd - b.start];",
    instead: "[a.end - a.start, b.end - b.start];",
    noticed: "a newer report was not stored",
    firstSeed: 1,
    seeds: 4,
  },
  {
    without: "attributes of reports that a comparison sends",
    file: "peers/replication/anti_entropy.ts",
    code: "const end = report.endFor(this.#takesAttributes);",
    instead: "const { end } = report;",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 1,
  },
  {
    without: "attributes of reports that wait by client",
    file: "peers/replication/outbox.ts",
    code: "const record = this.#takesAttributes ? report.record : report.line;",
    instead: "const record = report.line;",
    noticed: "no convergence",
    firstSeed: 8,
    seeds: 1,
  },
  {
    without: "attributes of reports that were requested",
    file: "peers/replication/outbox.ts",
    code: "if (report === undefined) continue;\n" +
      "      const end = report.endFor(this.#takesAttributes);",
    instead:
      "if (report === undefined) continue;\n      const { end } = report;",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 1,
  },
  {
    without: "attributes in the size of a record that is replaced",
    file: "peers/store/record_arena.ts",
    code: "const units = unitsFor(report.recordEnd - report.start);\n" +
      "    const unitsThere",
    instead: "const units = unitsFor(report.end - report.start);\n" +
      "    const unitsThere",
    noticed: "an exception",
    firstSeed: 1,
    seeds: 4,
  },
];
