/**
 * What this project wants of its own speed, how each goal is read off the
 * results, and whether it is reached. A goal that is missed stays in the list.
 *
 * @module
 */
import { formatNumber, formatRatio } from "./report/numbers.ts";
import {
  middle,
  propagation,
  ratio,
  reasonFor,
  type Series,
  updates,
} from "./report/samples.ts";
import type { Results } from "./results.ts";

/** A number for a goal, or why there is none. */
export type Measured =
  | { readonly value: number; readonly detail?: string }
  | { readonly reason: string };

/** One goal. */
export interface Goal {
  /** Whose, under which load, against whom. */
  readonly what: string;
  readonly direction: "at least" | "at most";
  readonly limit: number;
  /** Stands behind the numbers; empty for a ratio. */
  readonly unit: "" | "a second" | "B" | "ms" | "µs";
  readonly measure: (results: Results) => Measured;
}

/** How a goal stands. */
export type Verdict = "reached" | "falls short" | "not measured";

/** The loads under which updates are measured: connections x requests. */
const updatePoints = ["1x1", "50x1", "50x16", "4x256"];

const rateOf = (subject: string, point: string) =>
  updates(subject, point, "updatesPerSecond");

/** One series against another, within each round. */
function against(results: Results, one: Series, other: Series): Measured {
  const value = ratio(results, one, other);
  return value === undefined ? { reason: absence(results, other) } : { value };
}

/** The herd's rate against another one's at one point. */
function rateAgainst(subject: string, point: string) {
  return (results: Results): Measured =>
    against(results, rateOf("herd", point), rateOf(subject, point));
}

/** The same at every point. The worst one counts. */
function worstRateAgainst(subject: string) {
  return (results: Results): Measured => {
    let worst: { value: number; detail: string } | undefined;
    for (const point of updatePoints) {
      const measured = rateAgainst(subject, point)(results);
      if ("reason" in measured) return measured;
      if (worst === undefined || measured.value < worst.value) {
        worst = { value: measured.value, detail: `at ${point}` };
      }
    }
    return worst!;
  };
}

/** The median of one number, in another unit perhaps. */
function number(series: Series, divisor = 1) {
  return (results: Results): Measured => {
    const value = middle(results, series);
    return value === undefined
      ? { reason: absence(results, series) }
      : { value: value / divisor };
  };
}

/** Why a number, or one that goes with it, is not there. */
function absence(results: Results, { measure, point, subject }: Series) {
  return reasonFor(results, measure, subject) ??
    reasonFor(results, measure, "herd") ??
    `nothing at ${point}`;
}

/** What an update costs all five servers; the dearer way to send it counts. */
function herdCpu(results: Results): Measured {
  const [atOne, atEach] = ["8x16 at one", "8x16 at each"].map((point) =>
    number({ measure: "herd of five", subject: "herd", point, value: "cpuUs" })(
      results,
    )
  );
  if ("reason" in atOne) return atOne;
  if ("reason" in atEach) return atEach;
  return {
    value: Math.max(atOne.value, atEach.value),
    detail: `${formatNumber(atOne.value)} sent to one server, ` +
      `${formatNumber(atEach.value)} to each`,
  };
}

const twoHops = (subject: string) =>
  propagation(subject, "two hops, idle", "p50Us");

const memory = (point: string, value: string) =>
  number({ measure: "memory", subject: "herd", point, value });

const usPerMs = 1000;

/** All goals, in the order of the page. */
export const goals: readonly Goal[] = [
  {
    what: "50x1 against the bare echo",
    direction: "at least",
    limit: 0.75,
    unit: "",
    measure: rateAgainst("echo", "50x1"),
  },
  {
    what: "50x16 against the bare echo",
    direction: "at least",
    limit: 0.4,
    unit: "",
    measure: rateAgainst("echo", "50x16"),
  },
  {
    what: "4x256 against the bare echo",
    direction: "at least",
    limit: 0.35,
    unit: "",
    measure: rateAgainst("echo", "4x256"),
  },
  {
    what: "50x1 against Redis, GEOADD, append-only file",
    direction: "at least",
    limit: 0.9,
    unit: "",
    measure: rateAgainst("redis", "50x1"),
  },
  {
    what: "50x16 against Redis, GEOADD, append-only file",
    direction: "at least",
    limit: 0.8,
    unit: "",
    measure: rateAgainst("redis", "50x16"),
  },
  {
    what: "every load against our asyncio rival on uvloop",
    direction: "at least",
    limit: 4,
    unit: "",
    measure: worstRateAgainst("uvloop"),
  },
  {
    what: "every load against our node:net rival",
    direction: "at least",
    limit: 1.5,
    unit: "",
    measure: worstRateAgainst("node"),
  },
  {
    what: "CPU an update at 8x16, all five servers together",
    direction: "at most",
    limit: 20,
    unit: "µs",
    measure: herdCpu,
  },
  {
    what: "two hops, idle, p50",
    direction: "at most",
    limit: 1,
    unit: "ms",
    measure: number(twoHops("herd"), usPerMs),
  },
  {
    what: "two hops, idle, p50, against NATS",
    direction: "at most",
    limit: 2,
    unit: "",
    measure: (results) => against(results, twoHops("herd"), twoHops("nats")),
  },
  {
    what: "memory a client, 500,000 clients, 25-byte IDs",
    direction: "at most",
    limit: 200,
    unit: "B",
    measure: memory("client", "bytesAClient"),
  },
  {
    what: "memory an idle connection",
    direction: "at most",
    limit: 8192,
    unit: "B",
    measure: memory("connection", "bytesAConnection"),
  },
  {
    what: "WHATSAT for 5 places of the gazetteer",
    direction: "at least",
    limit: 10_000,
    unit: "a second",
    measure: number({
      measure: "places",
      subject: "herd",
      point: "5 places",
      value: "answersPerSecond",
    }),
  },
  {
    what: "from `deno run` to listening and linked",
    direction: "at most",
    limit: 250,
    unit: "ms",
    measure: number({
      measure: "start-up",
      subject: "herd",
      point: "listening and linked",
      value: "milliseconds",
    }),
  },
];

/** Whether a number is on the right side of the goal's limit. */
function meets({ direction, limit }: Goal, value: number): boolean {
  return direction === "at least" ? value >= limit : value <= limit;
}

/** How a goal stands with what was measured for it. */
export function judge(goal: Goal, measured: Measured): Verdict {
  if ("reason" in measured) return "not measured";
  return meets(goal, measured.value) ? "reached" : "falls short";
}

/** A number with the goal's unit. */
function withUnit(goal: Goal, text: string): string {
  return goal.unit === "" ? text : `${text} ${goal.unit}`;
}

/** `at least 0.75` */
export function formatLimit(goal: Goal): string {
  return `${goal.direction} ${withUnit(goal, goal.limit.toLocaleString("en"))}`;
}

/**
 * The measured number, in as few digits as still fall on the right side of the
 * limit: 0.7496 must not be printed as 0.75 beside "falls short".
 */
export function formatMeasured(goal: Goal, measured: Measured): string {
  if ("reason" in measured) return measured.reason;
  const { detail, value } = measured;
  const first = goal.unit === "" ? formatRatio(value) : formatNumber(value);
  const attempts = [
    first,
    ...[4, 5, 6].map((digits) => formatNumber(value, digits)),
    String(value),
  ];
  const honest = attempts.find((text) =>
    meets(goal, Number(text.replaceAll(",", ""))) === meets(goal, value)
  )!;
  const text = withUnit(goal, honest);
  return detail === undefined ? text : `${text} (${detail})`;
}
