/**
 * What a server says about itself. This is the only place where a field is
 * stated: its name, type and meaning, and behind that its metric, its column in
 * the table of `herd status`, and how the dashboard shows it. Its value comes
 * from `server/describe_status.ts`.
 *
 * Numbers that only rise are counted since the server's start. The order of
 * fields is that of the metrics and of columns.
 *
 * @module
 */
import {
  clientVerbs,
  lineKindOf,
  type Verb,
  verbs,
} from "../../protocol/command.ts";
import { type Distribution, emptyDistribution } from "./distribution.ts";
import {
  counter,
  counters,
  type Field,
  flag,
  gauge,
  type Group,
  group,
  histogram,
  list,
} from "./field.ts";

/** Connections to the client ports. */
export interface ConnectionCounts {
  /** Those that are there now. */
  readonly open: number;
  /** All that were let in since the start. */
  readonly accepted: number;
}

const connections = group<ConnectionCounts>({
  open: {
    initial: 0,
    metric: gauge(
      "herd_client_connections",
      "Connections of clients that are open",
    ),
    column: { title: "conns", cell: "count", priority: 1 },
    page: { title: "Connections", cell: "count" },
  },
  accepted: {
    initial: 0,
    metric: counter(
      "herd_client_connections_accepted_total",
      "Connections of clients that were let in",
    ),
  },
});

/**
 * Lines of clients: reports (`iamat`), queries about clients that are known
 * (`whatsat`), and whatever was answered with `?` (`invalid`).
 */
export type LineCounts = Readonly<
  Record<Lowercase<Verb> | "invalid", number>
>;

/** On a narrow terminal, queries are left out before reports. */
const verbPriority = (verb: Verb) => verb === "IAMAT" ? 7 : 3;

const verbFields = verbs.map((verb): [Lowercase<Verb>, Field<number>] => {
  const { as, help } = clientVerbs[verb].counted;
  return [lineKindOf(verb), {
    initial: 0,
    metric: counter(`herd_${as}_total`, `${help} (${verb})`),
    column: { title: as, cell: "rate", priority: verbPriority(verb) },
    page: { title: verb, cell: "count" },
  }];
});

const lines = group<LineCounts>({
  ...Object.fromEntries(verbFields) as Record<Lowercase<Verb>, Field<number>>,
  invalid: {
    initial: 0,
    metric: counter(
      "herd_invalid_lines_total",
      "Lines of clients that were answered with a question mark",
    ),
    column: { title: "invalid", cell: "rate", priority: 2 },
    page: { title: "Invalid", cell: "count" },
  },
});

/** Reports of clients and of neighbours, by what came of them. */
export interface ReportCounts {
  /** It was the newest about its client. */
  readonly newer: number;
  /** What was known about its client was as new. */
  readonly known: number;
  /** It was heard too long ago to be remembered. */
  readonly forgotten: number;
}

const reports = group<ReportCounts>({
  newer: { initial: 0 },
  known: { initial: 0 },
  forgotten: { initial: 0 },
}, {
  metric: counters(
    "herd_reports_total",
    "Reports of clients and neighbours, by what came of them",
    "outcome",
  ),
});

/** What a server says about its link with a neighbour. */
export interface LinkStatus {
  /** The neighbour's name. */
  readonly neighbour: string;
  /** Whether the two are linked. */
  readonly isUp: boolean;
  /** Since when, in POSIX seconds. */
  readonly since: number;
  /** Whether all that the neighbour knew when they linked has come over. */
  readonly isCaughtUp: boolean;
  /** How many reports wait to be sent to it: how far it is behind. */
  readonly waitingReports: number;
  /** All that it has sent. */
  readonly reportsReceived: number;
  /** All that was sent to it. */
  readonly bytesSent: number;
  /** How often the link was lost. */
  readonly losses: number;
  /** Why it was lost, or not made, the last time; null if it never failed. */
  readonly lastFailure: string | null;
}

const link = group<LinkStatus>({
  neighbour: { initial: "" },
  isUp: {
    initial: false,
    metric: flag("herd_link_up", "Whether a neighbour is linked", Boolean),
  },
  since: { initial: 0 },
  isCaughtUp: {
    initial: false,
    metric: flag(
      "herd_link_caught_up",
      "Whether all that a neighbour knew when it linked has come over",
      Boolean,
    ),
  },
  waitingReports: {
    initial: 0,
    metric: gauge(
      "herd_link_waiting_reports",
      "Reports that wait to be sent to a neighbour",
    ),
  },
  reportsReceived: {
    initial: 0,
    metric: counter(
      "herd_link_received_reports_total",
      "Reports that a neighbour sent",
    ),
  },
  bytesSent: {
    initial: 0,
    metric: counter(
      "herd_link_sent_bytes_total",
      "Bytes that were sent to a neighbour",
    ),
  },
  losses: {
    initial: 0,
    metric: counter(
      "herd_link_losses_total",
      "How often the link with a neighbour was lost",
    ),
  },
  lastFailure: { initial: null },
});

/** What became of the queries to the places service. */
export interface PlacesStatus {
  /** Who is asked. */
  readonly provider: string;
  /** By status, as Google words it, and some words of our own. */
  readonly requests: Readonly<Record<string, number>>;
}

const places = group<PlacesStatus>({
  provider: { initial: "" },
  requests: {
    initial: {},
    page: { title: "Places", cell: "tally", rank: 3 },
  },
}, {
  metric: {
    name: "herd_places_requests_total",
    help: "Requests to the places service, by what came of them",
    type: "counter",
    labels: ["provider", "status"],
    read: ({ provider, requests }) =>
      Object.entries(requests)
        .map(([status, count]) => [provider, status, count]),
  },
});

/** How the log keeps up. */
export interface LogStatus {
  /** The file being written. */
  readonly path: string;
  /** What is not yet written, in bytes. */
  readonly lagBytes: number;
  /** Why nothing can be written now; null if it can. */
  readonly fault: string | null;
  /** How many lines could not be written at all. */
  readonly lostLines: number;
  /** How many bytes that were. */
  readonly lostBytes: number;
}

const log = group<LogStatus>({
  path: { initial: "" },
  lagBytes: {
    initial: 0,
    metric: gauge(
      "herd_journal_lag_bytes",
      "What was logged but is not written yet",
    ),
  },
  fault: {
    initial: null,
    metric: flag(
      "herd_journal_failing",
      "Whether the log cannot be written",
      (fault) => fault !== null,
    ),
  },
  lostLines: {
    initial: 0,
    metric: counter(
      "herd_journal_lost_lines_total",
      "Lines that are missing in the log",
    ),
  },
  lostBytes: {
    initial: 0,
    metric: counter(
      "herd_journal_lost_bytes_total",
      "Bytes that are missing in the log",
    ),
  },
}, { page: { title: "Log", cell: "log", rank: 2 } });

/** What a server says of itself. */
export interface ServerFacts {
  /** Its name in the herd. */
  readonly name: string;
  /** Whether it has begun to stop. */
  readonly isStopping: boolean;
  /** Why it is not ready for clients, in a few words; null if it is. */
  readonly notReady: string | null;
  /** When it was started, in POSIX seconds. */
  readonly startedAt: number;
  /** Such as `127.0.0.1:8000`, or `127.0.0.1:8300 (TLS)`. */
  readonly clientPorts: readonly string[];
  /** Where neighbours connect. */
  readonly peerPort: string;
  /** How many clients it knows the newest report of. */
  readonly clients: number;
  /** How many clients are connected, and were. */
  readonly connections: ConnectionCounts;
  /** What clients have said. */
  readonly lines: LineCounts;
  /** What came of reports. */
  readonly reports: ReportCounts;
  /** How often each limit was reached, of those that were. */
  readonly limitHits: Readonly<Record<string, number>>;
  /**
   * Of reports that came from neighbours, and were news: from the clock of the
   * server that heard the client to this server's clock, in seconds. Of those
   * that came in together one is measured.
   */
  readonly propagationSeconds: Distribution;
  /** From a WHATSAT to its answer, in seconds. */
  readonly whatsatSeconds: Distribution;
  /** One for each neighbour, linked or not. */
  readonly links: readonly LinkStatus[];
  /** What became of the queries to the places service. */
  readonly places: PlacesStatus;
  /** How the log keeps up. */
  readonly log: LogStatus;
}

/** The fields of `ServerFacts`. */
export const serverFacts: Group<ServerFacts> = group<ServerFacts>({
  name: {
    initial: "",
    column: { title: "server", cell: "text", priority: Infinity },
  },
  isStopping: { initial: false },
  notReady: {
    initial: null,
    metric: flag(
      "herd_ready",
      "Whether it is linked and caught up: what /readyz says",
      (notReady) => notReady === null,
    ),
    column: { title: "state", cell: "state", priority: Infinity },
  },
  startedAt: {
    initial: 0,
    column: { title: "up", cell: "age", priority: 4 },
    page: { title: "Up for", cell: "age", rank: 6 },
  },
  clientPorts: { initial: [] },
  peerPort: { initial: "" },
  clients: {
    initial: 0,
    metric: gauge("herd_clients", "Clients whose newest report it knows"),
    column: { title: "clients", cell: "count", priority: 8 },
    page: { title: "Clients", cell: "count" },
  },
  connections,
  lines,
  reports,
  limitHits: {
    initial: {},
    metric: counters(
      "herd_limit_hits_total",
      "How often a limit was reached",
      "limit",
    ),
    page: { title: "Limit hits", cell: "tally", rank: 4 },
  },
  propagationSeconds: {
    initial: emptyDistribution,
    metric: histogram(
      "herd_propagation_seconds",
      "From the server that heard a client to this one, by their clocks",
    ),
    column: { title: "propagation ms", cell: "spread", priority: 5 },
    plot: "Propagation",
  },
  whatsatSeconds: {
    initial: emptyDistribution,
    metric: histogram("herd_whatsat_seconds", "From a question to its answer"),
    column: { title: "answer ms", cell: "spread", priority: 6 },
    plot: "WHATSAT",
  },
  links: list(link, { name: "neighbour", label: "peer" }, {
    column: { title: "links", cell: "links", priority: 9 },
    page: { title: "Links", cell: "links", rank: 1 },
  }),
  places,
  log,
});

/** One server, and the process that it runs in. */
export interface ServerStatus extends ServerFacts {
  /** The version of its program. */
  readonly software: string;
  /** What the whole process takes up. */
  readonly memoryBytes: number;
}

/** The fields of `ServerStatus`. */
export const serverStatus: Group<ServerStatus> = group<ServerStatus>({
  ...serverFacts.fields,
  software: { initial: "" },
  memoryBytes: {
    initial: 0,
    metric: gauge(
      "process_resident_memory_bytes",
      "Memory that the whole process takes up",
    ),
    page: { title: "Memory", cell: "bytes", rank: 5 },
  },
}, {
  metric: {
    name: "herd_info",
    help: "Which server it is, and of which version; 1",
    type: "gauge",
    labels: ["server", "version"],
    read: ({ name, software }) => [[name, software, 1]],
  },
});
