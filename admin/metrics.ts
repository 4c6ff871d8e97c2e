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
  type Metric,
  Registry,
} from "../packages/prom_client.ts";
import type { Distribution } from "../server/status/distribution.ts";
import type { LinkStatus, ServerStatus } from "../server/status/status.ts";

/** What is known of the process, besides the server's status. */
export interface ProcessFacts {
  /** When it was started, in POSIX seconds. */
  readonly startedAt: number;
  /** What it has used of all processors, in seconds. */
  readonly cpuSeconds: number;
}

/** The content type of what `formatMetrics` returns. */
export const metricsContentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** A value, or several with the labels that tell them apart. */
type Values = number | {
  readonly labels: readonly string[];
  readonly rows: readonly (readonly [...texts: string[], value: number])[];
};

/** All metrics of a server in the text format. */
export function formatMetrics(
  server: ServerStatus,
  process: ProcessFacts,
): Promise<string> {
  const page = new Page();
  addServer(page, server);
  addLinks(page, server);
  addPlaces(page, server);
  addLog(page, server);
  page.gauge(
    "process_resident_memory_bytes",
    "Memory that the whole process takes up",
    server.memoryBytes,
  );
  page.gauge(
    "process_start_time_seconds",
    "When the process was started, in POSIX seconds",
    process.startedAt,
  );
  page.counter(
    "process_cpu_seconds_total",
    "Processor time that the whole process has used",
    process.cpuSeconds,
  );
  return page.text();
}

function addServer(page: Page, server: ServerStatus): void {
  const { connections, lines, reports } = server;
  page.gauge("herd_info", "Which server it is, and of which version; 1", {
    labels: ["server", "version"],
    rows: [[server.name, server.software, 1]],
  });
  page.gauge(
    "herd_ready",
    "Whether it is linked and caught up: what /readyz says",
    Number(server.notReady === null),
  );
  page.gauge(
    "herd_clients",
    "Clients whose newest report it knows",
    server.clients,
  );
  page.gauge(
    "herd_client_connections",
    "Connections of clients that are open",
    connections.open,
  );
  page.counter(
    "herd_client_connections_accepted_total",
    "Connections of clients that were let in",
    connections.accepted,
  );
  page.counter(
    "herd_updates_total",
    "Reports that clients sent here (IAMAT)",
    lines.iamat,
  );
  page.counter(
    "herd_questions_total",
    "Questions that clients asked here (WHATSAT)",
    lines.whatsat,
  );
  page.counter(
    "herd_invalid_lines_total",
    "Lines of clients that were answered with a question mark",
    lines.invalid,
  );
  page.counter(
    "herd_reports_total",
    "Reports of clients and neighbours, by what came of them",
    { labels: ["outcome"], rows: Object.entries(reports) },
  );
  page.counter(
    "herd_limit_hits_total",
    "How often a limit was reached",
    { labels: ["limit"], rows: Object.entries(server.limitHits) },
  );
  page.histogram(
    "herd_propagation_seconds",
    "From the server that heard a client to this one, by their clocks",
    server.propagationSeconds,
  );
  page.histogram(
    "herd_whatsat_seconds",
    "From a question to its answer",
    server.whatsatSeconds,
  );
}

function addLinks(page: Page, { links }: ServerStatus): void {
  const each = (value: (link: LinkStatus) => number): Values => ({
    labels: ["peer"],
    rows: links.map((link) => [link.neighbour, value(link)]),
  });
  page.gauge(
    "herd_link_up",
    "Whether a neighbour is linked",
    each(({ isUp }) => Number(isUp)),
  );
  page.gauge(
    "herd_link_caught_up",
    "Whether all that a neighbour knew when it linked has come over",
    each(({ isCaughtUp }) => Number(isCaughtUp)),
  );
  page.gauge(
    "herd_link_waiting_reports",
    "Reports that wait to be sent to a neighbour",
    each(({ waitingReports }) => waitingReports),
  );
  page.counter(
    "herd_link_received_reports_total",
    "Reports that a neighbour sent",
    each(({ reportsReceived }) => reportsReceived),
  );
  page.counter(
    "herd_link_sent_bytes_total",
    "Bytes that were sent to a neighbour",
    each(({ bytesSent }) => bytesSent),
  );
  page.counter(
    "herd_link_losses_total",
    "How often the link with a neighbour was lost",
    each(({ losses }) => losses),
  );
}

function addPlaces(page: Page, { places }: ServerStatus): void {
  const { provider, requests } = places;
  page.counter(
    "herd_places_requests_total",
    "Requests to the places service, by what came of them",
    {
      labels: ["provider", "status"],
      rows: Object.entries(requests)
        .map(([status, count]) => [provider, status, count]),
    },
  );
}

function addLog(page: Page, { log }: ServerStatus): void {
  page.gauge(
    "herd_journal_lag_bytes",
    "What was logged but is not written yet",
    log.lagBytes,
  );
  page.gauge(
    "herd_journal_failing",
    "Whether the log cannot be written",
    Number(log.fault !== null),
  );
  page.counter(
    "herd_journal_lost_lines_total",
    "Lines that are missing in the log",
    log.lostLines,
  );
  page.counter(
    "herd_journal_lost_bytes_total",
    "Bytes that are missing in the log",
    log.lostBytes,
  );
}

/** Metrics of one moment. */
class Page {
  readonly #registry = new Registry();

  gauge(name: string, help: string, values: Values): void {
    const gauge = new Gauge(this.#describe(name, help, values));
    if (typeof values === "number") return gauge.set(values);
    for (const [labels, value] of split(values)) gauge.set(labels, value);
  }

  counter(name: string, help: string, values: Values): void {
    const counter = new Counter(this.#describe(name, help, values));
    if (typeof values === "number") return counter.inc(values);
    for (const [labels, value] of split(values)) counter.inc(labels, value);
  }

  /** The library's histograms count by themselves; this one is counted. */
  histogram(name: string, help: string, counted: Distribution): void {
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
    this.#registry.registerMetric(metric as unknown as Metric);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #describe(name: string, help: string, values: Values) {
    const labelNames = typeof values === "number" ? [] : values.labels;
    return { name, help, labelNames, registers: [this.#registry] };
  }
}

/** Each value, with its labels by name. */
function split(
  { labels, rows }: Exclude<Values, number>,
): [labels: Record<string, string>, value: number][] {
  return rows.map((row) => [
    Object.fromEntries(
      labels.map((label, index) => [label, String(row[index])]),
    ),
    Number(row.at(-1)),
  ]);
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
