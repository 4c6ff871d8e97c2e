/**
 * The kinds of tables, and the tables of the product's measures.
 *
 * @module
 */
import {
  formatMeasured,
  goals,
  judge,
  type Verdict,
} from "../../bench/goals.ts";
import type { OlderFile, ResultsFile } from "./combine_results.ts";
import { labelsOf, plural } from "./labels.ts";
import {
  formatMicroseconds,
  formatNumber,
  formatOptional,
  formatRatio,
  formatShare,
  nothing,
  withCommas,
} from "../../bench/numbers.ts";
import { type Results, resultsFolder } from "../../bench/results.ts";
import {
  middle,
  pointsOf,
  propagation,
  ratio,
  reasonFor,
  sizesOf,
  updates,
} from "../../bench/samples.ts";
import {
  blocks,
  cell,
  notMeasured,
  numbers,
  paragraph,
  table,
  words,
} from "./markdown.ts";

type Format = (value: number) => string;

/** A table of the herd, with a row for each point. */
interface PointsTable {
  readonly measure: string;
  /** Stands over the names of the points. */
  readonly title: string;
  readonly points: readonly string[];
  readonly columns: readonly (readonly [
    title: string,
    value: string,
    format?: Format,
  ])[];
}

/** The table, or why there is none. */
export function pointsTable(
  results: Results,
  { columns, measure, points, title }: PointsTable,
): string {
  const subject = "herd";
  const reason = reasonFor(results, measure, subject);
  if (points.length === 0 && reason === undefined) return notMeasured;
  const rows = points.length === 0
    ? [[cell(reason!), ...columns.map(() => nothing)]]
    : points.map((point) => [
      cell(withCommas(point)),
      ...columns.map(([_, value, format]) =>
        formatOptional(
          middle(results, { measure, subject, point, value }),
          format,
        )
      ),
    ]);
  return table(
    [words(title), ...columns.map(([title]) => numbers(title))],
    rows,
  );
}

/** The tables that have points, or the first one with the reason. */
export function pointsTables(
  results: Results,
  all: readonly PointsTable[],
): string {
  const found = all.filter(({ points }) => points.length > 0);
  return blocks(
    ...(found.length > 0 ? found : all.slice(0, 1))
      .map((one) => pointsTable(results, one)),
  );
}

/** A column of a table of subjects: its title, and the cell of a subject. */
interface SubjectColumn {
  readonly title: string;
  readonly at: (subject: string) => string;
}

/** A column that has one value at one point. */
export const valueColumn = (
  results: Results,
  measure: string,
  title: string,
  point: string,
  value: string,
  format?: Format,
): SubjectColumn => ({
  title,
  at: (subject) =>
    formatOptional(
      middle(results, { measure, subject, point, value }),
      format,
    ),
});

/**
 * A table with a row for each subject of a measure.
 *
 * @param hasReasons Whether subjects without numbers have a row, with the
 * reason.
 */
export function subjectsTable(
  results: Results,
  measure: string,
  title: string,
  columns: readonly SubjectColumn[],
  hasReasons = true,
): string {
  const subjects = labelsOf(results, measure);
  if (subjects.length === 0) return notMeasured;
  const rows = subjects.flatMap(({ id, label }) => {
    const cells = columns.map(({ at }) => at(id));
    if (cells.some((text) => text !== nothing)) return [[label, ...cells]];
    const reason = reasonFor(results, measure, id) ?? "nothing measured";
    return hasReasons ? [[`${label}: ${cell(reason)}`, ...cells]] : [];
  });
  return table(
    [words(title), ...columns.map(({ title }) => numbers(title))],
    rows,
  );
}

/** A table with a column for each load. */
function updatesTable(
  results: Results,
  at: (subject: string, point: string) => string,
  hasReasons = false,
): string {
  const columns = pointsOf(results, "updates").map((point) => ({
    title: cell(point),
    at: (subject: string) => at(subject, point),
  }));
  return columns.length === 0
    ? notMeasured
    : subjectsTable(results, "updates", "server", columns, hasReasons);
}

/** The ratio to the bare echo, and updates a second. */
export function rateTable(results: Results): string {
  return updatesTable(results, (subject, point) => {
    const own = updates(subject, point, "updatesPerSecond");
    const echo = updates("echo", point, "updatesPerSecond");
    const rate = middle(results, own);
    if (rate === undefined) return nothing;
    const share = formatOptional(ratio(results, own, echo), formatRatio);
    return `${share} (${formatNumber(rate)})`;
  }, true);
}

/** p50, p99 and p99.9 in microseconds. */
export function latencyTable(results: Results): string {
  return updatesTable(results, (subject, point) => {
    const cells = ["p50Us", "p99Us", "p999Us"].map((value) =>
      formatOptional(middle(results, updates(subject, point, value)))
    );
    return cells.every((text) => text === nothing)
      ? nothing
      : cells.join(" / ");
  });
}

/** The CPU time of an update, and how busy the generator was. */
export function costTables(results: Results): string {
  const tableOf = (value: string, format?: Format) =>
    updatesTable(
      results,
      (subject, point) =>
        formatOptional(middle(results, updates(subject, point, value)), format),
    );
  const server = tableOf("serverCpuUs");
  if (server === notMeasured) return notMeasured;
  return blocks(
    paragraph("CPU time of the server for one update, in microseconds:"),
    server,
    paragraph("How busy the core was that makes the load:"),
    tableOf("loadCpuShare", formatShare),
  );
}

/** The work of all five servers. */
export const herdTable = (results: Results) =>
  pointsTable(results, {
    measure: "herd of five",
    title: "load",
    points: pointsOf(results, "herd of five"),
    columns: [
      ["updates a second", "updatesPerSecond"],
      ["CPU an update, all five (µs)", "cpuUs"],
      ["link crossings an update", "crossings"],
    ],
  });

/** Answers to WHATSAT. */
export const placesTable = (results: Results) =>
  pointsTable(results, {
    measure: "places",
    title: "WHATSAT for",
    points: pointsOf(results, "places"),
    columns: [
      ["answers a second", "answersPerSecond"],
      ["p50", "p50Us", formatMicroseconds],
      ["p99", "p99Us", formatMicroseconds],
    ],
  });

/** Times until a server is ready: a column for each way to start. */
export function startUpTable(results: Results): string {
  const measure = "start-up";
  const columns = pointsOf(results, measure).map((point) =>
    valueColumn(results, measure, cell(point), point, "milliseconds")
  );
  return subjectsTable(results, measure, "milliseconds until", columns);
}

/** Recovery after a fault, after a restart, and in the simulation. */
export function convergenceTables(results: Results): string {
  const measure = "convergence";
  const starting = (start: string) =>
    pointsOf(results, measure).filter((point) => point.startsWith(start));
  return pointsTables(results, [
    {
      measure,
      title: "fault",
      points: starting("server "),
      columns: [
        ["longest update (ms)", "outageMs"],
        ["longest before (ms)", "usualMs"],
        ["lost", "lost"],
      ],
    },
    {
      measure,
      title: "restarted, with",
      points: sizesOf(results, measure, "clients"),
      columns: [["until it is ready (ms)", "readyMs"]],
    },
    {
      measure,
      title: "many faults",
      points: starting("simulated, "),
      columns: [
        ["herds", "herds"],
        ["half of them after (ms)", "convergedP50Ms"],
        ["the last one after (ms)", "convergedMostMs"],
        ["never", "diverged"],
      ],
    },
  ]);
}

/** How late a server is while it is attacked. */
export const hostileTable = (results: Results) =>
  pointsTable(results, {
    measure: "hostile",
    title: "attack (times in ms)",
    points: pointsOf(results, "hostile"),
    columns: [
      ["timer, p99.9", "timerP999Ms"],
      ["longest", "timerMostMs"],
      ["its own p99.9", "ownP999Ms"],
      ["longest", "ownMostMs"],
      ["client, p50", "clientP50Ms"],
      ["p99", "clientP99Ms"],
      ["longest", "clientMostMs"],
      ["attack (MB)", "attackMegabytes"],
    ],
  });

const memoryRows = [
  {
    point: "client",
    value: "bytesAClient",
    describe: () => "a client, at 500,000 clients",
  },
  {
    point: "connection",
    value: "bytesAConnection",
    describe: (connections = 5000) =>
      `a connection, at ${formatNumber(connections, 4)} idle ones`,
  },
];

/** Memory for another client, and for another connection. */
export function memoryTable(results: Results): string {
  const measure = "memory";
  const rows = labelsOf(results, measure).flatMap(({ id, label }) => {
    const found = memoryRows.flatMap(({ describe, point, value }) => {
      const valueOf = (value: string) =>
        middle(results, { measure, subject: id, point, value });
      const bytes = valueOf(value);
      if (bytes === undefined) return [];
      const what = describe(valueOf("connections"));
      return [[label, what, `${formatNumber(bytes)} B`]];
    });
    const reason = reasonFor(results, measure, id);
    return found.length === 0 && reason !== undefined
      ? [[label, cell(reason), nothing]]
      : found;
  });
  return rows.length === 0
    ? notMeasured
    : table([words("server"), words("for"), numbers("memory")], rows);
}

/** How long updates take to other servers. The last rows have reasons. */
export function propagationTable(results: Results): string {
  const measure = "propagation";
  const points = pointsOf(results, measure);
  if (points.length === 0) return notMeasured;
  const subjects = labelsOf(results, measure);
  const isPresent = (id: string) =>
    points.some((point) =>
      middle(results, propagation(id, point, "p50Us")) !== undefined
    );
  const present = subjects.filter(({ id }) => isPresent(id));
  const rivals = present.filter(({ id }) => id !== "herd");
  const columns = [
    words("path"),
    ...present.flatMap(({ label }) =>
      ["p50", "p99"].map((name) => numbers(`${label}, ${name}`))
    ),
    ...rivals.map(({ label }) => numbers(`p50 against ${label}`)),
  ];
  const rows = points.map((point) => [
    cell(withCommas(point)),
    ...present.flatMap(({ id }) =>
      ["p50Us", "p99Us"].map((value) =>
        formatOptional(
          middle(results, propagation(id, point, value)),
          formatMicroseconds,
        )
      )
    ),
    ...rivals.map(({ id }) => {
      const series = propagation(id, point, "p50Us");
      const own = { ...series, subject: "herd" };
      return formatOptional(ratio(results, own, series), formatRatio);
    }),
  ]);
  const absent = subjects.filter(({ id }) => !isPresent(id))
    .map(({ id, label }) => {
      const reason = reasonFor(results, measure, id) ?? "nothing measured";
      const gaps = columns.slice(1).map(() => nothing);
      return [cell(`${label}: ${reason}`), ...gaps];
    });
  return table(columns, [...rows, ...absent]);
}

/** The file of results, when it began, and how much was measured. */
function sourceOf({ path, results }: ResultsFile): string {
  const { rounds, secondsAPoint, startedAt } = results;
  const [day, time] = startedAt.split("T");
  const file = path.startsWith(`${resultsFolder}/`)
    ? `[${path}](../${path})`
    : `\`${path.split("/").at(-1)}\``;
  return `${file}, begun on ${day} at ${time.slice(0, 5)} UTC: ` +
    `${plural(rounds, "round")} of every measure, and ` +
    `${plural(secondsAPoint, "second")} of each load.`;
}

/** The rows that describe a machine. */
const machineRows = ({ machine, versions }: Results) => [
  ["processor", `${machine.processor}, ${plural(machine.cores, "core")}`],
  ["memory", `${formatNumber(machine.memoryGiB)} GiB`],
  ["system", machine.system],
  ["pinning", machine.pinning],
  ...Object.entries(versions),
];

/** Where the results are from, and the machines. */
export function machineTable(
  results: Results,
  path: string,
  older: readonly OlderFile[] = [],
): string {
  const tableOf = (results: Results) =>
    table(
      [words("machine"), words("")],
      machineRows(results).map((row) => row.map(cell)),
    );
  return blocks(
    paragraph(`From ${sourceOf({ path, results })}`),
    tableOf(results),
    ...older.flatMap((file) => [
      paragraph(`From ${sourceOf(file)} Only: ${file.measures.join(", ")}.`),
      tableOf(file.results),
    ]),
  );
}

/** A row for each goal. */
export function goalsTable(results: Results): string {
  const rows = goals.map((goal) => {
    const measured = goal.measure(results);
    return [
      goal.what,
      goal.limitText,
      cell(formatMeasured(goal, measured)),
      judge(goal, measured),
    ];
  });
  const count = (verdict: Verdict) =>
    rows.filter((row) => row.at(-1) === verdict).length;
  return blocks(
    paragraph(
      `Of ${goals.length} goals, ${count("reached")} reached, ` +
        `${count("falls short")} missed, ` +
        `${count("not measured")} not measured.`,
    ),
    table(["goal", "limit", "measured", ""].map(words), rows),
  );
}
