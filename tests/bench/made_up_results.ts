/**
 * Invented results in which every goal is just reached.
 *
 * @module
 */
import type { Missing, Results, Sample } from "../../bench/results.ts";

type Row = readonly [
  measure: string,
  subject: string,
  point: string,
  values: Readonly<Record<string, number>>,
];

/** Updates a second, by subject and point. */
const rates: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  herd: { "1x1": 900, "50x1": 720, "50x16": 600, "4x256": 420 },
  echo: { "1x1": 1000, "50x1": 960, "50x16": 1500, "4x256": 1200 },
  redis: { "1x1": 1000, "50x1": 800, "50x16": 750, "4x256": 600 },
  node: { "1x1": 600, "50x1": 480, "50x16": 400, "4x256": 280 },
  uvloop: { "1x1": 225, "50x1": 180, "50x16": 150, "4x256": 105 },
  generator: { "1x1": 4000, "50x1": 4000, "50x16": 4000, "4x256": 4000 },
};

const rows: readonly Row[] = [
  ...Object.entries(rates).flatMap(([subject, points]) =>
    Object.entries(points).map(([point, updatesPerSecond]): Row => [
      "updates",
      subject,
      point,
      {
        updatesPerSecond,
        p50Us: 1e5 / updatesPerSecond,
        p99Us: 2e5 / updatesPerSecond,
        p999Us: 4e5 / updatesPerSecond,
        serverCpuUs: 1e6 / updatesPerSecond,
        loadCpuShare: 0.5,
      },
    ])
  ),
  ["herd of five", "herd", "8x16 at one", { cpuUs: 20, crossings: 4.25 }],
  ["herd of five", "herd", "8x16 at each", { cpuUs: 18, crossings: 4.5 }],
  ["herd sizes", "herd", "1 server, at one", { cpuUs: 2, crossings: 0 }],
  ["herd sizes", "herd", "12 servers, at each", { cpuUs: 46, crossings: 11 }],
  ["herd sizes", "herd", "12 servers, at one", { cpuUs: 35, crossings: 11 }],
  ["herd sizes", "herd", "3 servers, at each", { cpuUs: 11, crossings: 2 }],
  ["herd sizes", "herd", "3 servers, at one", { cpuUs: 8, crossings: 2 }],
  ["propagation", "herd", "two hops, idle", { p50Us: 1000, p99Us: 3000 }],
  ["propagation", "nats", "two hops, idle", { p50Us: 500, p99Us: 900 }],
  ["memory", "herd", "client", { bytesAClient: 200 }],
  ["memory", "herd", "connection", { bytesAConnection: 8192 }],
  ["memory", "node", "client", { bytesAClient: 415 }],
  ["pauses", "herd", "50x16", { longestMs: 0.5, pausedShare: 0.0082 }],
  ["pauses", "java", "50x16", { longestMs: 17.5, pausedShare: 0.0732 }],
  ["pauses", "java-zgc", "50x16", { longestMs: 0, pausedShare: 0 }],
  ["slices", "deno", "slice", { bytesAnId: 65_584 }],
  ["slices", "deno", "copy", { bytesAnId: 51.1 }],
  ["slices", "python", "slice", { bytesAnId: 74 }],
  ["threads", "node", "1 thread", { updatesPerSecond: 1_000_000 }],
  ["threads", "node", "2 threads", { updatesPerSecond: 1_900_000 }],
  ["threads", "node", "message", { cpuUs: 1.9 }],
  ["threads", "node", "message of 64", { cpuUs: 0.26 }],
  ["places", "herd", "5 places", { answersPerSecond: 10_000, p50Us: 90 }],
  ["start-up", "herd", "listening and linked", { milliseconds: 250 }],
  ["start-up", "herd", "listening", { milliseconds: 120 }],
  ["start-up", "java", "listening", { milliseconds: 990 }],
  ["start-up", "java", "listening, compiled before", { milliseconds: 61.5 }],
  ["convergence", "herd", "server killed", { outageMs: 105, lost: 0 }],
  ["convergence", "herd", "100000 clients", { readyMs: 2_000 }],
  ["convergence", "herd", "0 clients", { readyMs: 300 }],
  [
    "convergence",
    "herd",
    "simulated, 5 servers",
    { convergedP50Ms: 24, convergedMostMs: 507, diverged: 0, herds: 100 },
  ],
  [
    "hostile",
    "herd",
    "no attack",
    { timerP999Ms: 2, timerMostMs: 3, clientP99Ms: 1.5, unanswered: 0 },
  ],
  [
    "hostile",
    "herd",
    "burst of queries",
    { timerP999Ms: 10, timerMostMs: 49, clientP99Ms: 20, unanswered: 0 },
  ],
  [
    "hostile",
    "herd",
    "4 MB of places",
    { timerP999Ms: 9, timerMostMs: 50, clientP99Ms: 2, unanswered: 0 },
  ],
  ["growth", "herd", "40 servers", { crossings: 41, hops: 6, hopsMean: 3.5 }],
  ["growth", "herd", "5 servers", { crossings: 4.25, hops: 2, hopsMean: 1.5 }],
  ["growth", "herd", "1000 clients", { acceptUs: 2 }],
  ["growth", "herd", "1000000 clients", { acceptUs: 5 }],
  ["code", "herd", "server", { codeLines: 12_345, files: 99, anyTypes: 0 }],
  ["code", "java", "server", { codeLines: 410, files: 1 }],
  ["code", "herd", "peers", { codeLines: 3190, files: 33 }],
  ["code", "herd", "dependencies", { serverPackages: 8, allPackages: 11 }],
  ["mistakes", "typescript", "absent key", { checked: 1, run: 1 }],
  ["mistakes", "java", "absent key", { checked: 0, run: 1 }],
  ["mistakes", "javascript", "absent key", { checked: 0, run: 0 }],
  ["mistakes", "python", "absent key", { impossible: 1 }],
  ["mistakes", "java", "total", { found: 3, failsWhenRun: 5, silent: 7 }],
];

/** Two rounds of the same. */
export const madeUpSamples: readonly Sample[] = [1, 2].flatMap((round) =>
  rows.map(([measure, subject, point, values]) => ({
    measure,
    subject,
    point,
    round,
    values,
  }))
);

/** Samples in which some of the herd's numbers are multiplied. */
export const scaledSamples = (
  factor: number,
  isScaled: (name: string) => boolean,
) =>
  madeUpSamples.map((sample) =>
    sample.subject !== "herd" ? sample : {
      ...sample,
      values: Object.fromEntries(
        Object.entries(sample.values).map(([name, value]) =>
          isScaled(name) ? [name, value * factor] : [name, value]
        ),
      ),
    }
  );

/** The rate of a subject at 50x1, round by round. */
export const madeUpRates = (
  subject: string,
  ...rates: readonly number[]
): Sample[] =>
  rates.map((updatesPerSecond, index) => ({
    measure: "updates",
    subject,
    point: "50x1",
    round: index + 1,
    values: { updatesPerSecond },
  }));

/** A file of results with these samples. */
export function madeUpResults(
  samples: readonly Sample[] = madeUpSamples,
  missing: readonly Missing[] = [],
): Results {
  return {
    version: 1,
    startedAt: "2026-01-31T12:34:56.789Z",
    machine: {
      processor: "Made_up (R) <1> | *fast*",
      cores: 2,
      memoryGiB: 7.75,
      system: "Linux",
      pinning: "none",
    },
    versions: { deno: "2.9.6" },
    rounds: 2,
    secondsAPoint: 1,
    samples,
    missing,
  };
}
