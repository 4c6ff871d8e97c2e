// `deno task generate` writes this file from schema.ts.

/** The options of a server that are settings. */
export interface SettingOptions {
  /**
   * First client port; peers +100, admin +200, TLS +300, HTTP +400, MQTT +500,
   * NMEA +600. From 1 to 65,535, default 8000.
   */
  readonly basePort?: number;
  /** Address to listen on for clients. Default the herd file's, 127.0.0.1. */
  readonly host?: string;
  /** Folder in which NAME.log is written. Default logs. */
  readonly logDirectory?: string;
  /**
   * Size of a full log file. From 1,024 to 1,099,511,627,776, default
   * 67,108,864.
   */
  readonly logMaxBytes?: number;
  /**
   * Full log files kept besides the current one. From 1 to 1,000, default 5.
   */
  readonly logKeptFiles?: number;
  /** What to do when the log cannot be written. Default keep-serving. */
  readonly onLogFailure?: "keep-serving" | "stop";
  /**
   * Folder in which the newest reports are kept, in FOLDER/NAME. Default
   * reports are kept in memory only.
   */
  readonly dataDirectory?: string;
  /**
   * Longest time between a report and its sync to disk. From 10 to 60,000,
   * default 1,000.
   */
  readonly dataSyncMs?: number;
  /**
   * Record clients' reports: DAYS in FOLDER/NAME/history, or
   * postgres://USER@HOST/DATABASE. Default reports are not recorded.
   */
  readonly history?: number | string;
  /**
   * With a database: keep the reports for this many days. From 1 to 3,650,
   * default 30.
   */
  readonly historyDays?: number;
  /**
   * Most bytes of reports that wait while the database is down. From 1,048,576
   * to 1,099,511,627,776, default 1 GiB in the data folder, or 64 MiB of memory
   * without one.
   */
  readonly historySpoolBytes?: number;
  /**
   * Close a link that is silent for this long, and dial again. From 3,000 to
   * 3,600,000, default 5,000.
   */
  readonly linkTimeoutMs?: number;
  /**
   * Most peer connections in handshake; then the oldest is closed. From 16 to
   * 10,000, default 256.
   */
  readonly maxHalfOpenLinks?: number;
  /**
   * Most clients whose newest report a server keeps. From 1 to 100,000,000,
   * default 5,000,000.
   */
  readonly maxClients?: number;
  /**
   * Memory for the reports of one server; when full, the oldest expire. From
   * 1,048,576 to 34,359,738,368, default 268,435,456.
   */
  readonly maxTableBytes?: number;
  /**
   * Once the table is half full, an address with 1/COUNT of it adds no client.
   * From 1 to 1,000,000, default 16.
   */
  readonly tableShares?: number;
  /**
   * Expire a client's report after this time without a newer one. From 1 to
   * 1,000,000,000, default never.
   */
  readonly clientTtlSeconds?: number;
  /**
   * Keep a client's deletion this long, to refuse late copies. From 1 to 3,650,
   * default 30.
   */
  readonly forgetDays?: number;
  /**
   * False to switch off anti-entropy between neighbours (plain flooding).
   * Default true.
   */
  readonly catchUp?: boolean;
  /**
   * True to serve the client port in plain text; TLS is 300 ports above.
   * Default false.
   */
  readonly plainClients?: boolean;
  /**
   * True to let every program that reaches a client or gateway port act for
   * every client. Default false.
   */
  readonly openClients?: boolean;
  /**
   * Cache answers for this long; Google's terms restrict that. From 0 to
   * 2,592,000, default 0.
   */
  readonly placesTtlSeconds?: number;
  /**
   * Most requests to the service in one day, UTC. From 1 to 1,000,000,000,
   * default no limit.
   */
  readonly placesBudget?: number;
}
