/**
 * The coverage of a run of simulated herds: what the faults affected, which of
 * them overlapped, and which rare situations occurred. A large run fails if any
 * row listed here did not occur, so that a fault that no longer occurs is
 * noticed.
 *
 * @module
 */
import { type Column, formatTable } from "../../cli/table.ts";
import type { Fault, Plan, ServerPair } from "./plan.ts";

/** The state of a server when a fault affects it. */
export type ServerState = "running" | "catching up" | "frozen" | "down";

/** The state of the link of two neighbours when a fault affects it. */
export type LinkState =
  /** There is no connection. */
  | "none"
  /** There is a connection, but neither server has a link. */
  | "handshaking"
  /** One of the two has not caught up with the other. */
  | "comparing"
  | "caught up"
  /** A server has a link, but no connection can carry data. */
  | "silently dead";

type ServerFaultKind = Extract<Fault, { readonly server: string }>["kind"];
type LinkFaultKind = Exclude<Fault["kind"], ServerFaultKind>;

const serverStates: readonly ServerState[] = [
  "running",
  "catching up",
  "frozen",
  "down",
];

const linkStates: readonly LinkState[] = [
  "none",
  "handshaking",
  "comparing",
  "caught up",
  "silently dead",
];

// Not taken from `draw.ts`, so that a kind that is removed there is missed.
const serverFaultKinds: readonly ServerFaultKind[] = [
  "kill",
  "power loss",
  "freeze",
];

const linkFaultKinds: readonly LinkFaultKind[] = [
  "cut",
  "swallow",
  "block one way",
  "block both ways",
  "split",
  "slow path",
];

const faultKinds = [...serverFaultKinds, ...linkFaultKinds] as const;

/** A time to live of at most this many seconds is short. */
export const shortTtlSeconds = 10;

/** A clock with more than this skew, in milliseconds, counts as wrong. */
export const wrongClockMs = 100;

/** Rare situations, besides faults. */
const situations = [
  "a server stops before it has caught up",
  "a server restarts while a neighbour catches up",
  "a server restarts while a neighbour is frozen",
  "a link ends: neighbour closed",
  "a link ends: connection lost",
  "a link ends: silent",
  "a link ends: replaced",
  "a link is replaced after a freeze",
  "a link is replaced on a slow path",
  "a connection is refused: linked already",
  "a neighbour cannot be dialled",
  "a neighbour's socket is full while it is frozen",
  "more than a write waits for a frozen neighbour",
  "a report is accepted by a server whose clock is ahead",
  "a report is accepted by a server whose clock is behind",
  "a report is accepted by a server without a link",
  "a report is accepted by a server that is catching up",
  "expired after a short time to live",
  "expired after a long time to live",
  "expired on a full server",
  "expired where both limits apply",
  "the horizon is raised by a full server",
  "the horizon is raised by a neighbour",
  "a report arrives after its time to live",
  "a report arrives below the raised horizon",
  "an expired client reports again",
  "a neighbour is asked to hold reports back: PRUNE",
  "a neighbour is asked to send them again: GRAFT",
  "a neighbour requests an announced report: WANT",
  "a comparison goes below the root's children",
  "a digest tree is rebuilt",
  "a fault affects a server that rebuilds its digest tree",
  "a report is accepted by a server that rebuilds its digest tree",
  "more waits for a neighbour than the limit",
  "a client is forgotten",
  "a client is forgotten at a server without a link",
  "a client is forgotten at a server that is catching up",
  "a deleted report arrives again",
  "a client that was forgotten reports again",
  "a request to forget a client is refused",
  "a client is forgotten by a clock that is ahead",
  "a client is forgotten by a clock that is behind",
  "a server starts with its data folder",
  "a server loses its data folder",
  "a server is killed while it writes to its folder",
  "all servers end at once: stop",
  "all servers end at once: kill",
  "all servers end at once: power cut",
  "the clock of a server steps ahead",
  "the clock of a server steps back",
  "the clock of a server drifts",
  "the clock of a server is wrong by years",
  "a report of a time that has not come is refused",
  "a client sends a report again",
  "a report has attributes",
  "a report arrives without its attributes",
  "a client's clock is ahead by a factor of a thousand",
  "a client's clock is wrong by years",
] as const;

/** A rare situation. */
export type Situation = typeof situations[number];

/** The name of a row. */
export type CoverageRow =
  | Situation
  | `${ServerFaultKind}: ${ServerState}`
  | `${LinkFaultKind}: ${LinkState}`
  // A fault that no longer does anything is still drawn.
  | `${Fault["kind"]}: took effect`
  | `${Fault["kind"]} + ${Fault["kind"]}`;

/** How often each row occurred in one herd; plain data. */
export type CoverageCounts = Readonly<Partial<Record<CoverageRow, number>>>;

/** How often a row occurred in a run, and in how many herds. */
export interface CoverageSum {
  readonly times: number;
  readonly herds: number;
}

/** The rows of a run. */
export type CoverageSums = ReadonlyMap<string, CoverageSum>;

/**
 * A run of at least this many herds must cover every row. In a count of 1,000
 * herds, the rarest row occurred in 20. A run of this size misses such a row with
 * a probability below 1e-8.
 */
export const requiredHerds = 1_000;

/** The row of two kinds that overlapped, in either order. */
function pairRow(one: Fault["kind"], other: Fault["kind"]): CoverageRow {
  const [first, second] = faultKinds.indexOf(one) <= faultKinds.indexOf(other)
    ? [one, other]
    : [other, one];
  return `${first} + ${second}`;
}

/** Every row that a run must cover. */
export const requiredRows: readonly CoverageRow[] = [
  ...serverFaultKinds.flatMap((kind) =>
    serverStates.map((state): CoverageRow => `${kind}: ${state}`)
  ),
  ...linkFaultKinds.flatMap((kind) =>
    linkStates.map((state): CoverageRow => `${kind}: ${state}`)
  ),
  ...faultKinds.map((kind): CoverageRow => `${kind}: took effect`),
  ...faultKinds.flatMap((one, index) =>
    faultKinds.slice(index).map((other) => pairRow(one, other))
  ),
  ...situations,
];

/** An event in a server's log. */
export interface ServerEvent {
  readonly server: string;
  readonly event: string;
  readonly neighbour?: unknown;
  readonly reason?: unknown;
}

/** Counts the rows that occur in one herd. */
export class Coverage {
  readonly #counts: Partial<Record<CoverageRow, number>> = {};

  /** Counts one or more occurrences. */
  add(row: CoverageRow, times = 1): void {
    if (times === 0) return;
    this.#counts[row] = (this.#counts[row] ?? 0) + times;
  }

  get counts(): CoverageCounts {
    return this.#counts;
  }
}

/** The links of the plan that a fault affects. */
export function affectedLinks(
  fault: Fault,
  { links }: Pick<Plan, "links">,
): readonly ServerPair[] {
  if (fault.kind === "split") {
    const side = new Set(fault.side);
    return links.filter(([one, other]) => side.has(one) !== side.has(other));
  }
  if ("link" in fault) return [fault.link];
  return links.filter((link) => link.includes(fault.server));
}

/**
 * A server dials again after 2 s at the latest. Until then, a link may be missing
 * after a cut.
 */
const relinkMs = 2_000;

/** When the effect of a fault ends, in milliseconds. */
function endMsOf(fault: Fault, { healAtMs, timeoutMs }: Plan): number {
  const { atMs } = fault;
  if ("forMs" in fault) return Math.min(atMs + fault.forMs, healAtMs);
  // A swallowed connection remains a link until the silence timeout.
  return atMs + relinkMs + (fault.kind === "swallow" ? timeoutMs : 0);
}

/** Counts the pairs of faults that overlapped in time on a server or a link. */
export function countPairs(plan: Plan, coverage: Coverage): void {
  const faults = plan.faults.map((fault) => ({
    fault,
    endMs: endMsOf(fault, plan),
    links: new Set(affectedLinks(fault, plan).map(nameOfLink)),
  }));
  for (const [index, earlier] of faults.entries()) {
    for (const later of faults.slice(index + 1)) {
      if (later.fault.atMs > earlier.endMs) continue;
      if (earlier.links.isDisjointFrom(later.links)) continue;
      coverage.add(pairRow(earlier.fault.kind, later.fault.kind));
    }
  }
}

function nameOfLink(link: ServerPair): string {
  return [...link].sort().join();
}

/** The sums over all herds of a run. */
export function sumCoverage(herds: Iterable<CoverageCounts>): CoverageSums {
  const sums = new Map<string, CoverageSum>();
  for (const counts of herds) {
    for (const [row, times] of Object.entries(counts)) {
      const sum = sums.get(row) ?? { times: 0, herds: 0 };
      sums.set(row, { times: sum.times + times, herds: sum.herds + 1 });
    }
  }
  return sums;
}

/** The required rows that a run has missed; none for a run that is too small. */
export function missedRows(sums: CoverageSums, herds: number): CoverageRow[] {
  if (herds < requiredHerds) return [];
  return requiredRows.filter((row) => !sums.has(row));
}

/** The coverage as tables, for the terminal. */
export function describeCoverage(sums: CoverageSums): string {
  const timesOf = (row: CoverageRow) =>
    (sums.get(row)?.times ?? 0).toLocaleString("en");
  const numeric = (title: string): Column => ({ title, isNumeric: true });
  return [
    "faults, by the state of the affected server:",
    formatTable(
      [{ title: "" }, ...serverStates.map(numeric), numeric("took effect")],
      serverFaultKinds.map((kind) => [
        kind,
        ...serverStates.map((state) => timesOf(`${kind}: ${state}`)),
        timesOf(`${kind}: took effect`),
      ]),
      { indentation: "  " },
    ),
    "faults, by the state of the affected link:",
    formatTable(
      [{ title: "" }, ...linkStates.map(numeric), numeric("took effect")],
      linkFaultKinds.map((kind) => [
        kind,
        ...linkStates.map((state) => timesOf(`${kind}: ${state}`)),
        timesOf(`${kind}: took effect`),
      ]),
      { indentation: "  " },
    ),
    "faults that overlapped on a server or a link, by number:",
    formatTable(
      [{ title: "" }, ...faultKinds.map((_, at) => numeric(`${at + 1}`))],
      faultKinds.map((kind, at) => [
        `${at + 1} ${kind}`,
        ...faultKinds.slice(0, at + 1).map((other) =>
          timesOf(pairRow(kind, other))
        ),
      ]),
      { indentation: "  " },
    ),
    "situations:",
    formatTable(
      [{ title: "" }, numeric("times"), numeric("herds")],
      situations.map((row) => [
        row,
        timesOf(row),
        (sums.get(row)?.herds ?? 0).toLocaleString("en"),
      ]),
      { indentation: "  " },
    ),
  ].join("\n");
}
