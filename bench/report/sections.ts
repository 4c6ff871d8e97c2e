/**
 * The generated parts of docs/PERFORMANCE.md, by name.
 *
 * @module
 */
import { formatLimit, formatMeasured, type Goal, judge } from "../goals.ts";
import type { Results } from "../results.ts";
import { codeTables } from "../../research/page/code_tables.ts";
import { convergenceTables } from "./convergence_tables.ts";
import {
  growthTables,
  herdTable,
  memoryTable,
  placesTable,
} from "./herd_tables.ts";
import {
  blocks,
  cell,
  image,
  link,
  paragraph,
  table,
  words,
} from "./markdown.ts";
import { mistakesTable } from "../../research/page/mistakes_table.ts";
import { formatNumber } from "./numbers.ts";
import { propagationTable } from "./propagation_table.ts";
import {
  pausesTable,
  slicesTable,
  startUpTable,
  threadsTable,
} from "../../research/page/runtime_tables.ts";
import { sizesTables } from "../../research/page/sizes_tables.ts";
import { costTables, latencyTable, rateTable } from "./updates_tables.ts";

/** What else the parts speak of. */
export interface Surroundings {
  readonly goals: readonly Goal[];
  /** Where the results are from. Only those of the project get a link. */
  readonly path: string;
  /** Which plots there are, by name, with what they show in words. */
  readonly plots: ReadonlyMap<string, string>;
}

/** Every part of the page, by the name in its comments. */
export function sections(
  results: Results,
  { goals, path, plots }: Surroundings,
): Map<string, string> {
  const withPlot = (name: string, text: string) => {
    const title = plots.get(name);
    return title === undefined
      ? text
      : blocks(image(title, `plots/${name}.svg`), text);
  };
  return new Map([
    ["machine", machine(results, path)],
    ["goals", goalsTable(results, goals)],
    ["updates", withPlot("updates", rateTable(results))],
    ["latency", withPlot("latency", latencyTable(results))],
    ["cost", costTables(results)],
    ["herd", herdTable(results)],
    ["sizes", sizesTables(results)],
    ["propagation", withPlot("propagation", propagationTable(results))],
    ["memory", memoryTable(results)],
    ["pauses", pausesTable(results)],
    ["slices", slicesTable(results)],
    ["threads", threadsTable(results)],
    ["places", placesTable(results)],
    ["start-up", startUpTable(results)],
    ["convergence", convergenceTables(results)],
    ["growth", withPlot("growth", growthTables(results))],
    ["code", codeTables(results)],
    ["mistakes", mistakesTable(results)],
  ]);
}

function machine(results: Results, path: string): string {
  const { machine, rounds, secondsAPoint, startedAt, versions } = results;
  const [day, time] = startedAt.split("T");
  const source = path.startsWith("bench/results/")
    ? link(path, `../${path}`)
    : `\`${path.split("/").at(-1)}\``;
  const rows = [
    ["processor", `${machine.processor}, ${count(machine.cores, "core")}`],
    ["memory", `${formatNumber(machine.memoryGiB)} GiB`],
    ["system", machine.system],
    ["pinning", machine.pinning],
    ...Object.entries(versions),
  ];
  return blocks(
    paragraph(
      `From ${source}, begun on ${day} at ${time.slice(0, 5)} UTC: ` +
        `${count(rounds, "round")} of every measure, and ` +
        `${count(secondsAPoint, "second")} of each load.`,
    ),
    table([words("machine"), words("")], rows.map((row) => row.map(cell))),
  );
}

const count = (number: number, noun: string) =>
  `${number} ${number === 1 ? noun : `${noun}s`}`;

function goalsTable(results: Results, goals: readonly Goal[]): string {
  const rows = goals.map((goal) => {
    const measured = goal.measure(results);
    return [
      goal.what,
      formatLimit(goal),
      cell(formatMeasured(goal, measured)),
      judge(goal, measured),
    ];
  });
  const many = (verdict: string) =>
    rows.filter((row) => row.at(-1) === verdict).length;
  return blocks(
    paragraph(
      `Of ${goals.length} goals, ${many("reached")} reached, ` +
        `${many("falls short")} missed, ` +
        `${many("not measured")} not measured.`,
    ),
    table(["goal", "limit", "measured", ""].map(words), rows),
  );
}
