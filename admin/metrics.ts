/**
 * A server's status as metrics for Prometheus, by its conventions for names and
 * units (https://prometheus.io/docs/practices/naming/). docs/OPERATIONS.md
 * explains each metric.
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

export interface ProcessFacts {
  /** The start time, in POSIX seconds. */
  readonly startedAt: number;
  /** Processor time used, in seconds. */
  readonly cpuSeconds: number;
}

/** The content type of `formatMetrics`. */
export const metricsContentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

const processStart = gauge(
  "process_start_time_seconds",
  "Start time of the process, in POSIX seconds",
);

const processCpu = counter(
  "process_cpu_seconds_total",
  "Processor time used by the whole process, in seconds",
);

/** All metrics of a server in Prometheus's text format. */
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

/** Adds a row for each item, with the item's name as the first label. */
function addItems(
  page: Page,
  { fields, label, name: naming }: Items,
  items: readonly Item[],
): void {
  for (const [name, { metric }] of Object.entries(fields)) {
    if (metric === undefined) continue;
    const rows = items.flatMap((item) =>
      // Items have no histograms.
      (metric.read(item[name]) as readonly MetricRow[])
        .map((row): MetricRow => [String(item[naming]), ...row])
    );
    page.add({ ...metric, labels: [label, ...metric.labels] }, rows);
  }
}

/** The metrics at one time. */
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

  /**
   * Adds a histogram that is counted already. The library's own histograms only
   * count observations.
   */
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

/** A row's labels by name, and its value. */
function split(
  labels: readonly string[],
  row: MetricRow,
): [labels: Record<string, string>, value: number] {
  const named = labels.map((label, index) => [label, String(row[index])]);
  return [Object.fromEntries(named), Number(row.at(-1))];
}

/** A histogram's points in the library's form. */
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
