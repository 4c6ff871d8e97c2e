/**
 * What can be seen of a running herd from outside: the shape of `/status.json`,
 * which is also what the dashboard, the metrics and `herd status` are made
 * from. Numbers that only rise are counted since the server's start.
 *
 * @module
 */
import type { EventFields, EventLevel } from "../../runtime/events.ts";
import type { Distribution } from "./distribution.ts";

/** The version of the shape. It rises when a field goes or changes. */
export const statusVersion = 1;

/** The servers of one process, and the herd that they belong to. */
export interface HerdStatus {
  readonly version: typeof statusVersion;
  /** POSIX seconds, by the clock of the process that answers. */
  readonly time: number;
  /** The server whose administration port was asked. */
  readonly self: string;
  /** The whole herd, as its file describes it. */
  readonly herd: HerdPlan;
  /** The servers of this process: one of `server.ts`, all of `herd up`. */
  readonly servers: readonly ServerStatus[];
}

/** Which servers there are to be, and which of them are neighbours. */
export interface HerdPlan {
  readonly servers: readonly PlannedServer[];
  /** Pairs of names. */
  readonly links: readonly (readonly [string, string])[];
}

/** Where a server of the herd is to be found. */
export interface PlannedServer {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly adminPort: number;
}

/** One server, and the process that it runs in. */
export interface ServerStatus extends ServerFacts {
  /** The version of its program. */
  readonly software: string;
  /** What the whole process takes up. */
  readonly memoryBytes: number;
}

/** What a server says of itself. */
export interface ServerFacts {
  /** Its name in the herd. */
  readonly name: string;
  /** When it was started, in POSIX seconds. */
  readonly startedAt: number;
  /** Whether it has begun to stop. */
  readonly isStopping: boolean;
  /** Why it is not ready for clients, in a few words; null if it is. */
  readonly notReady: string | null;
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
  /** One for each neighbour, linked or not. */
  readonly links: readonly LinkStatus[];
  /**
   * Of reports that came from neighbours, and were news: from the clock of the
   * server that heard the client to this server's clock, in seconds. Of those
   * that came in together one is measured.
   */
  readonly propagationSeconds: Distribution;
  /** From a WHATSAT to its answer, in seconds. */
  readonly whatsatSeconds: Distribution;
  /** What became of the questions to the places service. */
  readonly places: PlacesStatus;
  /** How the log keeps up. */
  readonly log: LogStatus;
  /** How often each limit was reached, of those that were. */
  readonly limitHits: Readonly<Record<string, number>>;
}

/** Connections to the client ports. */
export interface ConnectionCounts {
  /** Those that are there now. */
  readonly open: number;
  /** All that were let in since the start. */
  readonly accepted: number;
}

/** Lines of clients, by what they were. */
export interface LineCounts {
  /** Reports. */
  readonly iamat: number;
  /** Questions about clients that are known. */
  readonly whatsat: number;
  /** Whatever was answered with `?`. */
  readonly invalid: number;
}

/** Reports of clients and of neighbours, by what came of them. */
export interface ReportCounts {
  /** It was the newest about its client. */
  readonly newer: number;
  /** What was known about its client was as new. */
  readonly known: number;
  /** It was heard too long ago to be remembered. */
  readonly forgotten: number;
}

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

/** What became of the questions to the places service. */
export interface PlacesStatus {
  /** Who is asked. */
  readonly provider: string;
  /** By status, as Google words it, and two words of our own. */
  readonly requests: Readonly<Record<string, number>>;
}

/** How the log keeps up. */
export interface LogStatus {
  /** The file being written. */
  readonly path: string;
  /** What is not yet written, in bytes. */
  readonly lagBytes: number;
  /** How many lines could not be written at all. */
  readonly lostLines: number;
  /** How many bytes that were. */
  readonly lostBytes: number;
  /** Why nothing can be written now; null if it can. */
  readonly fault: string | null;
}

/** An event of a server's log, as it is told to who watches. */
export interface ServerEvent {
  /** POSIX seconds. */
  readonly time: number;
  readonly level: EventLevel;
  /** The connection that it is about, or `server`. */
  readonly connection: string;
  readonly event: string;
  readonly fields: EventFields;
}
