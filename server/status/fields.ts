/**
 * The fields of a server's status. Each is defined only here, with its metric,
 * its column in the table of `herd status` and its place on the dashboard. Its
 * value comes from `server/describe_status.ts`.
 *
 * Counters start at 0 when the server starts. Metrics and columns are in the
 * order of the fields.
 *
 * @module
 */
import {
  clientVerbs,
  lineKindOf,
  type Verb,
  verbs,
} from "../../protocol/command.ts";
import type { HistoryState } from "../../replica/history_state.ts";
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

/** The memory of the reports. */
export interface TableSize {
  /** What the reports take, with their index, in bytes. */
  readonly bytes: number;
  /** What they may take. Above that, the oldest reports expire. */
  readonly maxBytes: number;
}

const table = group<TableSize>({
  bytes: {
    initial: 0,
    metric: gauge("herd_table_bytes", "Memory of the reports and their index"),
  },
  maxBytes: {
    initial: 0,
    metric: gauge(
      "herd_table_limit_bytes",
      "Memory that the reports may take before the oldest expire",
    ),
  },
});

/** Connections to the client ports. */
export interface ConnectionCounts {
  /** Connections open now. */
  readonly open: number;
  /** The present limit on connections. */
  readonly limit: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
}

const connections = group<ConnectionCounts>({
  open: {
    isInSummary: true,
    initial: 0,
    metric: gauge("herd_client_connections", "Open client connections"),
    column: { title: "conns", cell: "count", priority: 1 },
    page: { title: "Connections", cell: "count" },
  },
  limit: {
    initial: 0,
    metric: gauge(
      "herd_client_connections_limit",
      "Present limit on client connections",
    ),
  },
  accepted: {
    initial: 0,
    metric: counter(
      "herd_client_connections_accepted_total",
      "Client connections accepted since the start",
    ),
  },
}, { isInSummary: true });

/**
 * Lines of clients: reports (`iamat`), queries about known clients (`whatsat`),
 * and lines that were answered with `?` (`invalid`).
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
    isInSummary: true,
    metric: counter(`herd_${as}_total`, `${help} (${verb})`),
    column: { title: as, cell: "rate", priority: verbPriority(verb) },
    page: { title: verb, cell: "count" },
  }];
});

const lines = group<LineCounts>({
  ...Object.fromEntries(verbFields) as Record<Lowercase<Verb>, Field<number>>,
  invalid: {
    isInSummary: true,
    initial: 0,
    metric: counter(
      "herd_invalid_lines_total",
      "Lines of clients that were answered with a question mark",
    ),
    column: { title: "invalid", cell: "rate", priority: 2 },
    page: { title: "Invalid", cell: "count" },
  },
}, { isInSummary: true });

/** Reports of clients and neighbours, by outcome. */
export interface ReportCounts {
  /** Newer than the client's stored report, and stored in its place. */
  readonly newer: number;
  /** Not newer than the client's stored report. */
  readonly known: number;
  /** The client's stored report again, with the same position and time. */
  readonly repeated: number;
  /** Heard by their origins at a time that has not come, and not stored. */
  readonly ahead: number;
  /** Heard by their origins at or before the horizon, and not stored. */
  readonly forgotten: number;
  /** Heard by their origins at or before the time of a deletion, and not stored. */
  readonly deleted: number;
  /**
   * Heard longer than `--forget-days` ago, from a neighbour that was apart from
   * this server for as long, and not stored.
   */
  readonly apart: number;
}

const reports = group<ReportCounts>({
  newer: { initial: 0 },
  known: { initial: 0 },
  repeated: { initial: 0 },
  ahead: { initial: 0 },
  forgotten: { initial: 0 },
  deleted: { initial: 0 },
  apart: { initial: 0 },
}, {
  metric: counters(
    "herd_reports_total",
    "Reports of clients and neighbours, by outcome",
    "outcome",
  ),
});

/** A server's clock, and the median of its own and its linked neighbours' clocks. */
export interface ClockStatus {
  /** How far it is ahead of the median, in seconds; negative if it is behind. */
  readonly aheadSeconds: number;
  /** The number of clocks of which it is the median. */
  readonly clocks: number;
  /** Whether it differs so much that it may be wrong. */
  readonly differs: boolean;
}

const clock = group<ClockStatus>({
  aheadSeconds: {
    initial: 0,
    isInSummary: true,
    metric: gauge(
      "herd_clock_ahead_seconds",
      "How far this server's clock is ahead of the median of its own and its linked neighbours' clocks",
    ),
  },
  clocks: { initial: 1, isInSummary: true },
  differs: {
    initial: false,
    isInSummary: true,
    metric: flag(
      "herd_clock_differs",
      "Whether this server's clock differs from that median by more than 5 s",
      Boolean,
    ),
  },
}, {
  isInSummary: true,
  page: { title: "Clock", cell: "clock", rank: 5 },
});

/** The state of the link with a neighbour. */
export interface LinkStatus {
  /** The neighbour's name. */
  readonly neighbour: string;
  /** Whether the two are linked. */
  readonly isUp: boolean;
  /** When the link went up or down, in POSIX seconds. */
  readonly since: number;
  /** For how long it has been up or down, in seconds. */
  readonly stateSeconds: number;
  /** Whether this server has all reports that the neighbour had at link-up. */
  readonly isCaughtUp: boolean;
  /** Reports in the neighbour's outbox. */
  readonly waitingReports: number;
  /**
   * How far the neighbour's clock is ahead of this server's, in seconds; null if
   * it is not known.
   */
  readonly clockAheadSeconds: number | null;
  /** Reports received from the neighbour. */
  readonly reportsReceived: number;
  /** Bytes sent to the neighbour. */
  readonly bytesSent: number;
  /** How often the link was lost. */
  readonly losses: number;
  /** Why the link last failed or was lost; null if it never did. */
  readonly lastFailure: string | null;
  /** How often two servers with the neighbour's name alternated. */
  readonly duplicates: number;
  /** Messages of a later version that were ignored. */
  readonly ignoredMessages: number;
}

const link = group<LinkStatus>({
  neighbour: { initial: "", isInSummary: true },
  isUp: {
    isInSummary: true,
    initial: false,
    metric: flag("herd_link_up", "Whether a neighbour is linked", Boolean),
  },
  since: { initial: 0 },
  stateSeconds: { initial: 0, isInSummary: true },
  isCaughtUp: {
    isInSummary: true,
    initial: false,
    metric: flag(
      "herd_link_caught_up",
      "Whether all reports that a neighbour had at link-up have arrived",
      Boolean,
    ),
  },
  waitingReports: {
    isInSummary: true,
    initial: 0,
    metric: gauge(
      "herd_link_waiting_reports",
      "Reports waiting to be sent to a neighbour",
    ),
  },
  clockAheadSeconds: {
    initial: null,
    metric: {
      ...gauge(
        "herd_link_clock_ahead_seconds",
        "How far the clock of a linked neighbour is ahead of this server's",
      ),
      read: (seconds) => seconds === null ? [] : [[seconds]],
    },
  },
  reportsReceived: {
    initial: 0,
    metric: counter(
      "herd_link_received_reports_total",
      "Reports received from a neighbour",
    ),
  },
  bytesSent: {
    initial: 0,
    metric: counter(
      "herd_link_sent_bytes_total",
      "Bytes sent to a neighbour",
    ),
  },
  losses: {
    initial: 0,
    metric: counter(
      "herd_link_losses_total",
      "How often the link with a neighbour was lost",
    ),
  },
  lastFailure: { initial: null, isInSummary: true },
  duplicates: {
    initial: 0,
    metric: counter(
      "herd_two_servers_of_one_name_total",
      "How often two servers with the name of a neighbour alternated",
    ),
  },
  ignoredMessages: {
    initial: 0,
    metric: counter(
      "herd_link_ignored_messages_total",
      "Messages of a neighbour's later version that were ignored",
    ),
  },
});

/** Requests to the places service. */
export interface PlacesStatus {
  /** The provider's name. */
  readonly provider: string;
  /** Counts by status: Google's names, and some of this program. */
  readonly requests: Readonly<Record<string, number>>;
}

const places = group<PlacesStatus>({
  provider: { initial: "" },
  requests: {
    isInSummary: true,
    initial: {},
    page: { title: "Places", cell: "tally", rank: 3 },
  },
}, {
  isInSummary: true,
  metric: {
    name: "herd_places_requests_total",
    help: "Requests to the places service, by status",
    type: "counter",
    labels: ["provider", "status"],
    read: ({ provider, requests }) =>
      Object.entries(requests)
        .map(([status, count]) => [provider, status, count]),
  },
});

/** The newest message of a device that was not taken. */
export interface GatewayExample {
  /** Why, by its name in the metrics. */
  readonly reason: string;
  /** The gateway that it came to. */
  readonly gateway: string;
  /** When, in POSIX seconds. */
  readonly time: number;
  /**
   * Its first 256 bytes as text, without credentials; null for a reader that is
   * no operator.
   */
  readonly text: string | null;
}

/** What gateways have taken from devices, and what not. */
export interface GatewaysStatus {
  /** Their addresses, such as `127.0.0.1:8400`, by the names of their ports. */
  readonly ports: Readonly<Record<string, string>>;
  /** Reports that were taken, by gateway. */
  readonly reports: Readonly<Record<string, number>>;
  /** Messages and points that were not taken, or were changed, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Null if everything was taken. */
  readonly example: GatewayExample | null;
}

const gateways = group<GatewaysStatus>({
  ports: {
    initial: {},
    page: { table: "gateways", title: "Addresses", cell: "ports" },
  },
  reports: {
    initial: {},
    metric: counters(
      "herd_gateway_reports_total",
      "Reports of devices that gateways have taken",
      "gateway",
    ),
    page: { table: "gateways", title: "Reports", cell: "tally" },
  },
  reasons: {
    initial: {},
    metric: counters(
      "herd_gateway_reasons_total",
      "Messages and points of devices that were not taken, or were changed",
      "reason",
    ),
    page: { table: "gateways", title: "Ignored or changed", cell: "tally" },
  },
  example: {
    initial: null,
    page: { table: "gateways", title: "Newest example", cell: "example" },
  },
});

/** The gateways' part of a server without gateways. */
export const noGateways: GatewaysStatus = {
  ports: {},
  reports: {},
  reasons: {},
  example: null,
};

/** The state of the log. */
export interface LogStatus {
  /** The file being written. */
  readonly path: string;
  /** Bytes logged but not written yet. */
  readonly lagBytes: number;
  /** How long the current operation on a file has taken; 0 for none. */
  readonly operationSeconds: number;
  /** How often the file was found removed or replaced. */
  readonly reopenings: number;
  /** Why the log cannot be written now; null if it can. */
  readonly fault: string | null;
  /** Lines that could not be written and were dropped. */
  readonly lostLines: number;
  /** Bytes that could not be written and were dropped. */
  readonly lostBytes: number;
}

const log = group<LogStatus>({
  path: { initial: "" },
  lagBytes: {
    isInSummary: true,
    initial: 0,
    metric: gauge(
      "herd_journal_lag_bytes",
      "Bytes that were logged but are not written yet",
    ),
  },
  operationSeconds: {
    initial: 0,
    metric: gauge(
      "herd_journal_operation_seconds",
      "How long the current operation on a log file has taken",
    ),
  },
  reopenings: {
    initial: 0,
    metric: counter(
      "herd_journal_reopenings_total",
      "How often the log file was removed or replaced by another program",
    ),
  },
  fault: {
    isInSummary: true,
    initial: null,
    metric: flag(
      "herd_journal_failing",
      "Whether the log cannot be written",
      (fault) => fault !== null,
    ),
  },
  lostLines: {
    isInSummary: true,
    initial: 0,
    metric: counter(
      "herd_journal_lost_lines_total",
      "Lines missing from the log",
    ),
  },
  lostBytes: {
    initial: 0,
    metric: counter(
      "herd_journal_lost_bytes_total",
      "Bytes missing from the log",
    ),
  },
}, { isInSummary: true, page: { title: "Log", cell: "log", rank: 2 } });

/** The state of the data folder. */
export interface DataStatus {
  /** The folder; null if reports are kept in memory only. */
  readonly folder: string | null;
  /** Records in its files, with those that were replaced. */
  readonly records: number;
  /** The size of its files. */
  readonly bytes: number;
  /** The size of the records that wait to be written, in memory. */
  readonly lagBytes: number;
  /** The age of the oldest record that is not synced; 0 for none. */
  readonly lagSeconds: number;
  /** How long the last sync took. */
  readonly syncSeconds: number;
  /** Records that could not be written; a snapshot repairs the folder. */
  readonly lostRecords: number;
  /** Damaged places that were found at the start. */
  readonly damages: number;
  /** Why it cannot be written now; null if it can. */
  readonly fault: string | null;
}

const data = group<DataStatus>({
  folder: { initial: null },
  records: {
    initial: 0,
    metric: gauge(
      "herd_data_records",
      "Records in the data folder, with those that were replaced",
    ),
  },
  bytes: {
    isInSummary: true,
    initial: 0,
    metric: gauge("herd_data_bytes", "Size of the data folder's files"),
  },
  lagBytes: {
    initial: 0,
    metric: gauge(
      "herd_data_lag_bytes",
      "Bytes that wait to be written to the data folder",
    ),
  },
  lagSeconds: {
    isInSummary: true,
    initial: 0,
    metric: gauge(
      "herd_data_lag_seconds",
      "Age of the oldest record that is not synced to the data folder",
    ),
  },
  syncSeconds: {
    initial: 0,
    metric: gauge(
      "herd_data_sync_seconds",
      "How long the last sync of the data folder took",
    ),
  },
  lostRecords: {
    isInSummary: true,
    initial: 0,
    metric: counter(
      "herd_data_lost_records_total",
      "Records that could not be written to the data folder",
    ),
  },
  damages: {
    initial: 0,
    metric: gauge(
      "herd_data_damages",
      "Damaged places of the data folder that were found at the start",
    ),
  },
  fault: {
    isInSummary: true,
    initial: null,
    metric: flag(
      "herd_data_failing",
      "Whether the data folder cannot be written",
      (fault) => fault !== null,
    ),
  },
}, { isInSummary: true, page: { title: "Data", cell: "data", rank: 2 } });

export type { HistoryState };

/** The state of the history. */
export type HistoryStatus =
  & Omit<HistoryState, "kind" | "place" | "days">
  & {
    /** Null if there is no history, and so are the two that follow. */
    readonly kind: HistoryState["kind"] | null;
    readonly place: string | null;
    readonly days: number | null;
  };

const history = group<HistoryStatus>({
  kind: { isInSummary: true, initial: null },
  place: { initial: null },
  days: { initial: null },
  acceptedRecords: {
    initial: 0,
    metric: counter(
      "herd_history_accepted_records_total",
      "Client reports that were given to the history",
    ),
  },
  recordedRecords: {
    initial: 0,
    metric: counter(
      "herd_history_recorded_records_total",
      "Reports that were written to the history",
    ),
  },
  knownRecords: {
    initial: 0,
    metric: counter(
      "herd_history_known_records_total",
      "Reports that the history had already, byte for byte",
    ),
  },
  refusedRecords: {
    initial: 0,
    metric: counter(
      "herd_history_refused_records_total",
      "Reports that the history has refused because their day is not kept",
    ),
  },
  lostRecords: {
    isInSummary: true,
    initial: 0,
    metric: counter(
      "herd_history_lost_records_total",
      "Reports that could not be written to the history",
    ),
  },
  waitingRecords: {
    initial: 0,
    metric: gauge(
      "herd_history_waiting_records",
      "Reports that wait to be written to the history",
    ),
  },
  records: {
    initial: 0,
    metric: gauge(
      "herd_history_records",
      "Records in the files of the history",
    ),
  },
  bytes: {
    isInSummary: true,
    initial: 0,
    metric: gauge(
      "herd_history_bytes",
      "Size of the files of the history",
    ),
  },
  lagBytes: {
    initial: 0,
    metric: gauge(
      "herd_history_lag_bytes",
      "Bytes in memory that wait to be written to the history",
    ),
  },
  lagSeconds: {
    isInSummary: true,
    initial: 0,
    metric: gauge(
      "herd_history_lag_seconds",
      "Age of the oldest report that is not written to the history",
    ),
  },
  syncSeconds: {
    initial: 0,
    metric: gauge(
      "herd_history_sync_seconds",
      "How long the last write to the history took, with its sync",
    ),
  },
  spoolBytes: {
    initial: 0,
    metric: gauge(
      "herd_history_spool_bytes",
      "Bytes in a spool that wait for the database of the history",
    ),
  },
  damages: {
    initial: 0,
    metric: counter(
      "herd_history_damages_total",
      "Damaged files of the history that were set aside",
    ),
  },
  fault: {
    isInSummary: true,
    initial: null,
    metric: flag(
      "herd_history_failing",
      "Whether the history cannot be written",
      (fault) => fault !== null,
    ),
  },
}, { isInSummary: true, page: { title: "History", cell: "history", rank: 2 } });

/** The status of a server, without its process. */
export interface ServerFacts {
  /** Its name in the herd. */
  readonly name: string;
  /** Whether it has begun to stop. */
  readonly isStopping: boolean;
  /** Why it is not ready for clients, in a few words; null if it is. */
  readonly notReady: string | null;
  /** When it was started, in POSIX seconds, by the clock as it is set now. */
  readonly startedAt: number;
  /** The time since then, in seconds. It does not change with the clock. */
  readonly uptimeSeconds: number;
  /** Such as `127.0.0.1:8000`, or `127.0.0.1:8300 (TLS)`. */
  readonly clientPorts: readonly string[];
  /** The port for neighbours, such as `127.0.0.1:8100`; `none` without one. */
  readonly peerPort: string;
  /** Clients whose newest report it has. */
  readonly clients: number;
  /** Deletions of clients that it keeps. */
  readonly deletions: number;
  /** Reports that deletions have removed since the start. */
  readonly deletedReports: number;
  /** The memory of their reports. */
  readonly table: TableSize;
  /** Connections of clients. */
  readonly connections: ConnectionCounts;
  /** Lines of clients since the start. */
  readonly lines: LineCounts;
  /** What devices have sent to gateways since the start. */
  readonly gateways: GatewaysStatus;
  /** Reports of clients and neighbours since the start. */
  readonly reports: ReportCounts;
  /** Whether reports of its clients expire on arrival, so that none is stored. */
  readonly storesNothing: boolean;
  /** How its clock compares with those of its neighbours. */
  readonly clock: ClockStatus;
  /** How often each limit was reached, without those that never were. */
  readonly limitHits: Readonly<Record<string, number>>;
  /** Requests and connections that access control refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /**
   * Seconds from the origin's clock at receipt to this server's clock, for new
   * reports from neighbours. Of reports received together, one is measured.
   */
  readonly propagationSeconds: Distribution;
  /** Seconds from a WHATSAT to its answer. */
  readonly whatsatSeconds: Distribution;
  /** One for each neighbour, linked or not. */
  readonly links: readonly LinkStatus[];
  /** The places service. */
  readonly places: PlacesStatus;
  /** The log. */
  readonly log: LogStatus;
  /** The data folder. */
  readonly data: DataStatus;
  /** The history of its clients' reports. */
  readonly history: HistoryStatus;
}

/** The fields of `ServerFacts`. */
export const serverFacts: Group<ServerFacts> = group<ServerFacts>({
  name: {
    isInSummary: true,
    initial: "",
    column: { title: "server", cell: "text", priority: Infinity },
  },
  isStopping: { initial: false, isInSummary: true },
  notReady: {
    isInSummary: true,
    initial: null,
    metric: flag(
      "herd_ready",
      "Whether the server is linked, caught up and can write its log, as /readyz answers",
      (notReady) => notReady === null,
    ),
    column: { title: "state", cell: "state", priority: Infinity },
  },
  startedAt: { initial: 0 },
  uptimeSeconds: {
    isInSummary: true,
    initial: 0,
    column: { title: "up", cell: "duration", priority: 4 },
    page: { title: "Up for", cell: "duration", rank: 6 },
  },
  clientPorts: { initial: [] },
  peerPort: { initial: "" },
  clients: {
    isInSummary: true,
    initial: 0,
    metric: gauge("herd_clients", "Clients whose newest report is stored"),
    column: { title: "clients", cell: "count", priority: 8 },
    page: { title: "Clients", cell: "count" },
  },
  deletions: {
    initial: 0,
    metric: gauge("herd_deletions", "Deletions of clients that are kept"),
  },
  deletedReports: {
    initial: 0,
    metric: counter(
      "herd_deleted_reports_total",
      "Reports that deletions have removed",
    ),
  },
  table,
  connections,
  lines,
  gateways,
  reports,
  storesNothing: {
    initial: false,
    metric: flag(
      "herd_stores_nothing",
      "Whether reports of its clients expire on arrival",
      Boolean,
    ),
  },
  clock,
  limitHits: {
    isInSummary: true,
    initial: {},
    metric: counters(
      "herd_limit_hits_total",
      "How often a limit was reached",
      "limit",
    ),
    page: { title: "Limit hits", cell: "tally", rank: 4 },
  },
  refusals: {
    initial: {},
    metric: counters(
      "herd_refusals_total",
      "Requests and connections that access control refused",
      "reason",
    ),
  },
  propagationSeconds: {
    initial: emptyDistribution,
    metric: histogram(
      "herd_propagation_seconds",
      "Time from a report's origin to this server, by their clocks",
    ),
    column: { title: "propagation ms", cell: "spread", priority: 5 },
    plot: "Propagation",
  },
  whatsatSeconds: {
    initial: emptyDistribution,
    metric: histogram(
      "herd_whatsat_seconds",
      "Time from a query to its answer",
    ),
    column: { title: "answer ms", cell: "spread", priority: 6 },
    plot: "WHATSAT",
  },
  links: list(link, { name: "neighbour", label: "peer" }, {
    isInSummary: true,
    column: { title: "links", cell: "links", priority: 9 },
    page: { title: "Links", cell: "links", rank: 1 },
  }),
  places,
  log,
  data,
  history,
});

/** The status of a server and of its process. */
export interface ServerStatus extends ServerFacts {
  /** The version of its program. */
  readonly software: string;
  /** Resident memory of the process, in bytes. */
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
      "Resident memory of the process",
    ),
  },
}, {
  metric: {
    name: "herd_info",
    help: "The name and the version of the server; always 1",
    type: "gauge",
    labels: ["server", "version"],
    read: ({ name, software }) => [[name, software, 1]],
  },
});
