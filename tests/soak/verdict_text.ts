/**
 * Formats the verdict of a soak.
 *
 * @module
 */
import type { Verdict } from "./run.ts";
import type { Counts } from "./world.ts";

/** The verdict as a short table. */
export function formatVerdict(
  counts: Counts,
  verdict: Verdict,
  lateMs: readonly number[],
): string {
  const number = (value: number) => value.toLocaleString("en");
  const { healedMs } = verdict;
  const rows: [string, string][] = [
    [
      "answers",
      `${number(counts.answers)} right on ${number(counts.connections)} ` +
      `connections; ${counts.wrong} wrong, ${counts.reordered} out of order, ` +
      `${counts.lost} lost`,
    ],
    [
      "",
      `${number(counts.unanswered)} unanswered when a fault ended a connection`,
    ],
    ...Object.keys(counts.answersVia).map((via): [string, string] => {
      const by = via as keyof typeof counts.answersVia;
      return [
        "",
        `${number(counts.answersVia[by])} of the right ones by ${via}, on ` +
        `${number(counts.connectionsVia[by])} connections`,
      ];
    }),
    [
      "neighbours",
      `${number(counts.immediateArrivals)} reports known at once, ` +
      `${counts.lateArrivals} later` +
      (lateMs.length === 0
        ? ""
        : ` (${Math.round(Math.max(...lateMs))} ms at most)`),
    ],
    [
      "faults",
      `${counts.kills} kills, ${counts.stops} stops, ${counts.freezes} ` +
      `freezes, ${counts.linkFaults} faults of links; ` +
      `${number(counts.unknownPeers)} unknown peers, ` +
      `${counts.slowConsumers} slow consumers closed`,
    ],
    [
      "attacks",
      Object.entries(counts.attacks)
        .map(([kind, count]) => `${kind}: ${count}`).join(", "),
    ],
    [
      "tables",
      healedMs === undefined
        ? "differ"
        : `equal ${Math.round(healedMs)} ms after the last fault: ` +
          `${verdict.knownClients} clients`,
    ],
    [
      "log",
      `${number(verdict.logRecords)} records in ${verdict.logFiles} files, ` +
      `${
        Math.round(verdict.logBytes / 1e6)
      } MB; ${verdict.logCutLines} lines ` +
      "cut off by a kill",
    ],
    ...verdict.servers.map((server): [string, string] => [
      server.name,
      `${server.incarnations} incarnations; ` +
      `descriptors ${server.descriptorsBefore} before, ` +
      `${server.descriptorsMost} at most, ${server.descriptorsAfter} after; ` +
      `memory ${server.memory} ` +
      `(${Math.round(server.memoryMostBytes / 1e6)} MB at most)`,
    ]),
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(12)}${text}`).join("\n");
}
