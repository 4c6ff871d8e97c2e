/**
 * Mistakes in the code that keeps records in data folders. Tests of `storage` find
 * mistakes with a damaged folder of a single server.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const folderMutations: readonly Mutation[] = [
  {
    without: "the attributes of reports in a data folder",
    file: "storage/record_text.ts",
    code: "const { bytes, recordEnd, start } = record;",
    instead: "const { bytes, end: recordEnd, start } = record;",
    noticed: "a record is not in the data folder",
    firstSeed: 1,
    seeds: 1,
  },
  {
    without: "the horizon in a data folder",
    file: "storage/recovery.ts",
    code:
      "if (horizon !== undefined) this.#options.records.restoreHorizon(horizon);",
    instead: "",
    noticed: "a horizon is not in the data folder",
    firstSeed: 731,
    seeds: 1,
  },
  {
    without: "the sync of tails",
    file: "storage/storage.ts",
    code: "this.#tail.sync());",
    instead: "Promise.resolve());",
    noticed: "a record is not in the data folder",
    firstSeed: 14,
    seeds: 1,
  },
  {
    without: "the sync of a snapshot before the files before it are removed",
    file: "storage/storage.ts",
    code: "await this.#run(`syncing ${part}`, file.sync());",
    instead: "",
    noticed: "a record is not in the data folder",
    firstSeed: 181,
    seeds: 1,
  },
  {
    without: "writing what waits at a stop",
    file: "storage/storage.ts",
    code: "await this.#writeChanges();\n      await this.#sync();",
    instead: "await this.#sync();",
    noticed: "a record is not in the data folder",
    firstSeed: 13,
    seeds: 1,
  },
  {
    without: "writing deletions that do not apply for a moment",
    file: "peers/store/report_store.ts",
    code: "record === undefined || isDeletion(record) ||\n" +
      "        !this.hasExpired(record)",
    instead: "record === undefined || !this.hasExpired(record)",
    noticed: "a deletion is not in the data folder",
    scenario: "a_deletion_is_written_while_the_clock_is_wrong.json",
  },
  {
    without: "deletions in a data folder",
    file: "storage/recovery.ts",
    code:
      "const isKnown = readReport(bytes, start, end, findServer, record) ||\n" +
      "      readDeletion(bytes, start, end, record);",
    instead:
      "const isKnown = readReport(bytes, start, end, findServer, record);",
    noticed: "a deletion is not in the data folder",
    firstSeed: 1,
    seeds: 1,
  },
];
