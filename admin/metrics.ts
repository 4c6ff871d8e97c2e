/**
 * A server's status as metrics for Prometheus, by its conventions for names and
 * units (https://prometheus.io/docs/practices/naming/). What each of them means
 * when it moves stands in docs/OPERATIONS.md.
 *
 * @module
 */
import {
  Counter,
  Gauge,
  type Metric as RegistryMetric,
  Registry,
} from "../packages/prom_client.ts";
import type { Distribution } from "../server/status/distribution.ts";
import {
  counter,
  type Field,
  gauge,
  type Items,
  type Metric,
  type MetricRow,
  walk,
} from "../server/status/field.ts";
import { type ServerStatus, serverStatus } from "../server/status/fields.ts";
import { valueAt } from "../server/status/values.js";

/** What is known of the process, besides the server's status. */
export interface ProcessFacts {
  /** When it was started, in POSIX seconds. */
  readonly startedAt: number;
  /** What it has used of all processors, in seconds. */
  readonly cpuSeconds: number;
}

/** The content type of what `formatMetrics` returns. */
export const metricsContentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

const processStart = gauge(
  "process_start_time_seconds",
  "When the process was started, in POSIX seconds",
);

const processCpu = counter(
  "process_cpu_seconds_total",
  "Processor time that the whole process has used",
);

/** All metrics of a server in the text format. */
export function formatMetrics(
  server: ServerStatus,
  process: ProcessFacts,
): Promise<string> {
  const page = new Page();
  for (const { field, path } of walk(serverStatus)) {
    addField(page, field, valueAt(server, path));
  }
  page.add(processStart, processStart.read(process.startedAt));
  page.add(processCpu, processCpu.read(process.cpuSeconds));
  return page.text();
}

function addField(page: Page, { items, metric }: Field, value: unknown): void {
  if (metric !== undefined) page.add(metric, metric.read(value));
  if (items !== undefined) addItems(page, items, value as readonly Item[]);
}

type Item = Readonly<Record<string, unknown>>;

/** The items' metrics: a row for each item, with its name as the first label. */
function addItems(
  page: Page,
  { fields, label, name: naming }: Items,
  items: readonly Item[],
): void {
  for (const [name, { metric }] of Object.entries(fields)) {
    if (metric === undefined) continue;
    const rows = items.flatMap((item) =>
      // No item has a histogram.
      (metric.read(item[name]) as readonly MetricRow[])
        .map((row): MetricRow => [String(item[naming]), ...row])
    );
    page.add({ ...metric, labels: [label, ...metric.labels] }, rows);
  }
}

/** Metrics of one moment. */
class Page {
  readonly #registry = new Registry();

  add(
    { help, labels, name, type }: Omit<Metric, "read">,
    values: readonly MetricRow[] | Distribution,
  ): void {
    if ("buckets" in values) return this.#addHistogram(name, help, values);
    const registers = [this.#registry];
    const described = { name, help, labelNames: [...labels], registers };
    if (type === "gauge") {
      const gauge = new Gauge(described);
      for (const row of values) gauge.set(...split(labels, row));
    } else {
      const counter = new Counter(described);
      for (const row of values) counter.inc(...split(labels, row));
    }
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The library's histograms count by themselves; this one is counted. */
  #addHistogram(name: string, help: string, counted: Distribution): void {
    const metric = {
      name,
      help,
      type: "histogram",
      aggregator: "sum",
      get: () => ({
        name,
        help,
        type: "histogram",
        values: pointsOf(name, counted),
      }),
    };
    this.#registry.registerMetric(metric as unknown as RegistryMetric);
  }
}

/** A value, with its labels by name. */
function split(
  labels: readonly string[],
  row: MetricRow,
): [labels: Record<string, string>, value: number] {
  const named = labels.map((label, index) => [label, String(row[index])]);
  return [Object.fromEntries(named), Number(row.at(-1))];
}

/** The points of a histogram, as the library keeps them. */
function pointsOf(name: string, { buckets, count, sum }: Distribution) {
  const point = (suffix: string, value: number, labels: object = {}) => ({
    metricName: `${name}_${suffix}`,
    labels,
    value,
  });
  return [
    ...buckets.map(([le, upTo]) => point("bucket", upTo, { le })),
    point("bucket", count, { le: "+Inf" }),
    point("sum", sum),
    point("count", count),
  ];
}
