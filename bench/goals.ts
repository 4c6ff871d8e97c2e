/**
 * The speed that this project aims at: which number of the results each goal is
 * about, and whether it is reached. A goal that is missed stays in the list.
 *
 * @module
 */
import { formatNumber, formatRatio } from "./numbers.ts";
import type { Results } from "./results.ts";
import {
  middle,
  pointsOf,
  propagation,
  ratio,
  reasonFor,
  type Series,
  updates,
} from "./samples.ts";

/** The number of a goal, or why there is none. */
export type Measured =
  | { readonly value: number; readonly detail?: string }
  | { readonly reason: string };

/** A goal. */
export interface Goal {
  /** What is measured, under which load, against which other server. */
  readonly what: string;
  readonly direction: "at least" | "at most";
  readonly limit: number;
  /** Direction, limit and unit. */
  readonly limitText: string;
  /** Empty for a ratio. */
  readonly unit: string;
  readonly measure: (results: Results) => Measured;
}

/** Whether a goal is reached. */
export type Verdict = "reached" | "falls short" | "not measured";

type MeasureGoal = Goal["measure"];

/** Why a number, or the herd's number beside it, is missing. */
const absence = (results: Results, { measure, point, subject }: Series) =>
  reasonFor(results, measure, subject) ??
    reasonFor(results, measure, "herd") ??
    `nothing at ${point}`;

/** The herd's number divided by that of another subject. */
const against = (series: Series): MeasureGoal => (results) => {
  const value = ratio(results, { ...series, subject: "herd" }, series);
  return value === undefined ? { reason: absence(results, series) } : { value };
};

/** The same for updates a second. */
const rateAgainst = (subject: string, point: string) =>
  against(updates(subject, point, "updatesPerSecond"));

/** The worst ratio of all loads. */
const worstRateAgainst = (subject: string): MeasureGoal => (results) => {
  let worst: { value: number; detail: string } | undefined;
  for (const point of ["1x1", "50x1", "50x16", "4x256"]) {
    const measured = rateAgainst(subject, point)(results);
    if ("reason" in measured) return measured;
    if (worst === undefined || measured.value < worst.value) {
      worst = { value: measured.value, detail: `at ${point}` };
    }
  }
  return worst!;
};

/** A number of the herd, divided by `divisor` for another unit. */
const number =
  (measure: string, point: string, value: string, divisor = 1): MeasureGoal =>
  (results) => {
    const series = { measure, subject: "herd", point, value };
    const found = middle(results, series);
    return found === undefined
      ? { reason: absence(results, series) }
      : { value: found / divisor };
  };

/** CPU time of all five servers: the greater of the two ways to send. */
const herdCpu: MeasureGoal = (results) => {
  const [atOne, atEach] = ["8x16 at one", "8x16 at each"].map((point) =>
    number("herd of five", point, "cpuUs")(results)
  );
  if ("reason" in atOne) return atOne;
  if ("reason" in atEach) return atEach;
  return {
    value: Math.max(atOne.value, atEach.value),
    detail: `${formatNumber(atOne.value)} sent to one server, ` +
      `${formatNumber(atEach.value)} to each`,
  };
};

/** The greatest number of all attacks. */
const worstOfAttacks = (value: string): MeasureGoal => (results) => {
  const measure = "hostile";
  let worst: { value: number; detail: string } | undefined;
  for (const point of pointsOf(results, measure)) {
    const measured = number(measure, point, value)(results);
    if ("reason" in measured) return measured;
    if (worst === undefined || measured.value > worst.value) {
      worst = { value: measured.value, detail: point };
    }
  }
  return worst ?? number(measure, "any attack", value)(results);
};

const usPerMs = 1000;

const twoHops = "two hops, idle";

/** @param limit As the page prints it: `at least 10,000 a second`. */
function goal(what: string, limit: string, measure: MeasureGoal): Goal {
  const [, direction, number, unit] = limit.match(/^(at \w+) (\S+) ?(.*)$/)!;
  return {
    what,
    direction: direction as Goal["direction"],
    limit: Number(number.replaceAll(",", "")),
    limitText: limit,
    unit,
    measure,
  };
}

/** All goals, in the order of the page. */
export const goals: readonly Goal[] = [
  goal(
    "50x1 against the bare echo",
    "at least 0.75",
    rateAgainst("echo", "50x1"),
  ),
  goal(
    "50x16 against the bare echo",
    "at least 0.4",
    rateAgainst("echo", "50x16"),
  ),
  goal(
    "4x256 against the bare echo",
    "at least 0.35",
    rateAgainst("echo", "4x256"),
  ),
  goal(
    "50x1 against Redis, GEOADD, append-only file",
    "at least 0.9",
    rateAgainst("redis", "50x1"),
  ),
  goal(
    "50x16 against Redis, GEOADD, append-only file",
    "at least 0.8",
    rateAgainst("redis", "50x16"),
  ),
  goal(
    "every load against our asyncio rival on uvloop",
    "at least 4",
    worstRateAgainst("uvloop"),
  ),
  goal(
    "every load against our node:net rival",
    "at least 1.5",
    worstRateAgainst("node"),
  ),
  goal(
    "CPU an update at 8x16, all five servers together",
    "at most 20 µs",
    herdCpu,
  ),
  goal(
    "two hops, idle, p50",
    "at most 1 ms",
    number("propagation", twoHops, "p50Us", usPerMs),
  ),
  goal(
    "two hops, idle, p50, against NATS",
    "at most 2",
    against(propagation("nats", twoHops, "p50Us")),
  ),
  goal(
    "memory a client, 500,000 clients, 25-byte IDs",
    "at most 200 B",
    number("memory", "client", "bytesAClient"),
  ),
  goal(
    "memory an idle connection",
    "at most 8,192 B",
    number("memory", "connection", "bytesAConnection"),
  ),
  goal(
    "WHATSAT for 5 places of the gazetteer",
    "at least 10,000 a second",
    number("places", "5 places", "answersPerSecond"),
  ),
  goal(
    "from `deno run` to listening and linked",
    "at most 250 ms",
    number("start-up", "listening and linked", "milliseconds"),
  ),
  goal(
    "a timer of 5 ms in an attacked server, p99.9",
    "at most 10 ms",
    worstOfAttacks("timerP999Ms"),
  ),
  goal(
    "the same, longest",
    "at most 50 ms",
    worstOfAttacks("timerMostMs"),
  ),
  goal(
    "a report of another client meanwhile, p99",
    "at most 20 ms",
    worstOfAttacks("clientP99Ms"),
  ),
];

const meets = ({ direction, limit }: Goal, value: number) =>
  direction === "at least" ? value >= limit : value <= limit;

/** Whether a goal is reached. */
export function judge(goal: Goal, measured: Measured): Verdict {
  if ("reason" in measured) return "not measured";
  return meets(goal, measured.value) ? "reached" : "falls short";
}

/**
 * The measured number, with as many digits as its side of the limit needs:
 * 0.7496 must not become 0.75 beside "falls short".
 */
export function formatMeasured(goal: Goal, measured: Measured): string {
  if ("reason" in measured) return measured.reason;
  const { detail, value } = measured;
  const texts = [
    goal.unit === "" ? formatRatio(value) : formatNumber(value),
    ...[4, 5, 6].map((digits) => formatNumber(value, digits)),
    String(value),
  ];
  const text = texts.find((text) =>
    meets(goal, Number(text.replaceAll(",", ""))) === meets(goal, value)
  )!;
  return `${text} ${goal.unit}`.trimEnd() +
    (detail === undefined ? "" : ` (${detail})`);
}
