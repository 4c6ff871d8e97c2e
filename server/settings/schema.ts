/**
 * Every setting of a server, each stated once. The command line, the variables,
 * the herd file, the options of `startServer`, the checks, `--help` and
 * docs/CONFIGURATION.md follow from these entries; after a change,
 * `deno task generate` writes what is generated from them.
 *
 * @module
 */
import { logFailureChoices } from "../../log/events.ts";
import { defaultKeptFiles, defaultMaxFileBytes } from "../../log/limits.ts";
import {
  defaultForgetDays,
  defaultLinkTimeoutMs,
  defaultMaxClients,
  defaultMaxHalfOpenLinks,
  defaultMaxTableBytes,
  defaultTableShares,
  leastTableBytes,
  minHalfOpenLinks,
} from "../../peers/limits.ts";
import { portKinds } from "../../peers/port_kinds.ts";
import { providerNames } from "../../places/choose.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  remoteConnectionsPerAddress,
} from "../../sessions/limits.ts";
import { maxHistoryDays } from "../../replica/history.ts";
import { defaultDataSyncMs } from "../../replica/records.ts";
import type { NumberSetting, Schema } from "./setting.ts";

/** Every source but the library's options, which do not include these. */
const programs: readonly ["flag", "variable", "herd file"] = [
  "flag",
  "variable",
  "herd file",
];

/**
 * The sources of one server. The herd file is the same on every machine: it
 * holds no secret, and does not name files for servers to read.
 */
const oneServer: readonly ["flag", "variable"] = ["flag", "variable"];

/** The herd file has a field of its own for these, outside of its settings. */
const notInSettings: readonly ["flag", "variable", "option"] = [
  "flag",
  "variable",
  "option",
];

const offsetOfTls = portKinds.find(({ name }) => name === "TLS")!.offset;

const otherPorts = portKinds.filter(({ offset }) => offset > 0)
  .map(({ name, offset }) => `${name} +${offset}`).join(", ");

/** Seconds on the command line, milliseconds everywhere else. */
const inSeconds = { unit: "SECONDS", size: 1000 };

/** The limits on what clients may use, by their names in `ClientLimits`. */
export const clientLimitSettings = {
  // Neighbours accept no lines longer than the maximum.
  maxLineBytes: {
    type: "whole number",
    flag: "max-line-bytes",
    unit: "BYTES",
    min: 1024,
    max: 64 * 1024,
    default: defaultClientLimits.maxLineBytes,
    group: "Limits on clients",
    help: "longest line of a client; a longer one closes the connection",
  },
  maxIdBytes: {
    type: "whole number",
    flag: "max-id-bytes",
    unit: "BYTES",
    min: 1,
    max: 64 * 1024,
    default: defaultClientLimits.maxIdBytes,
    group: "Limits on clients",
    help: "longest client ID; a command with a longer one is invalid",
  },
  maxPositionBytes: {
    type: "whole number",
    flag: "max-position-bytes",
    unit: "BYTES",
    min: 4,
    max: 64 * 1024,
    default: defaultClientLimits.maxPositionBytes,
    group: "Limits on clients",
    help: "longest position; a command with a longer one is invalid",
  },
  maxTimeBytes: {
    type: "whole number",
    flag: "max-time-bytes",
    unit: "BYTES",
    min: 1,
    max: 64 * 1024,
    default: defaultClientLimits.maxTimeBytes,
    group: "Limits on clients",
    help: "longest time; a command with a longer one is invalid",
  },
  maxConnections: {
    type: "whole number",
    flag: "max-connections",
    unit: "COUNT",
    min: 1,
    max: 1_000_000,
    default: defaultClientLimits.maxConnections,
    group: "Limits on clients",
    help: "most connections of clients; further ones are refused",
  },
  maxConnectionsPerAddress: {
    type: "whole number",
    flag: "max-connections-per-address",
    unit: "COUNT",
    min: 1,
    max: 1_000_000,
    zero: "any number",
    otherwise: `${remoteConnectionsPerAddress}; 0 on loopback`,
    group: "Limits on clients",
    help: "most connections of one address, 0 for any number",
  },
  maxRepliesWaiting: {
    type: "whole number",
    flag: "max-pipelined",
    unit: "COUNT",
    min: 1,
    max: 65_536,
    default: defaultClientLimits.maxRepliesWaiting,
    group: "Limits on clients",
    help: "most unanswered requests of a client; then reading stops",
  },
  maxReplyBytesWaiting: {
    type: "whole number",
    flag: "max-reply-bytes",
    unit: "BYTES",
    min: 1024,
    max: 2 ** 30,
    default: defaultClientLimits.maxReplyBytesWaiting,
    group: "Limits on clients",
    help: "most unread replies of a client; then reading stops",
  },
  // The maximum exceeds the memory of most machines.
  maxReplyBytesInTotal: {
    type: "whole number",
    flag: "max-reply-bytes-in-all",
    unit: "BYTES",
    min: leastTableBytes,
    max: 2 ** 40,
    default: defaultClientLimits.maxReplyBytesInTotal,
    group: "Limits on clients",
    help:
      "most unread replies of all clients; then the slowest are disconnected",
  },
  slowConsumerMs: {
    type: "whole number",
    flag: "slow-consumer-seconds",
    unit: "MS",
    flagUnit: inSeconds,
    min: 1_000,
    max: 3_600_000,
    default: defaultClientLimits.slowConsumerMs,
    group: "Limits on clients",
    help: "disconnect a client that reads no reply for this long",
  },
  // Up to 30 days.
  idleMs: {
    type: "whole number",
    flag: "idle-seconds",
    unit: "MS",
    flagUnit: inSeconds,
    min: 1_000,
    max: 30 * 24 * 3_600_000,
    zero: "never",
    default: defaultClientLimits.idleMs,
    otherwise: "never",
    group: "Limits on clients",
    help: "disconnect a client that sends nothing for this long, 0 for never",
  },
  // A shorter time could be less than a packet's delay. Users wait less than a
  // minute.
  partialLineMs: {
    type: "whole number",
    flag: "partial-line-ms",
    unit: "MS",
    min: 10,
    max: 60_000,
    zero: "never",
    default: defaultClientLimits.partialLineMs,
    otherwise: "never",
    group: "Limits on clients",
    help:
      "answer a command without newline after this time; dangerous, 0 for never",
  },
  maxQueriesInFlight: {
    type: "whole number",
    flag: "max-whatsats-per-connection",
    unit: "COUNT",
    min: 1,
    max: 1024,
    default: defaultClientLimits.maxQueriesInFlight,
    group: "Limits on clients",
    help: "most concurrent WHATSATs of a client; further ones wait",
  },
  maxQueriesInTotal: {
    type: "whole number",
    flag: "max-whatsats",
    unit: "COUNT",
    min: 1,
    max: 1_000_000,
    default: defaultClientLimits.maxQueriesInTotal,
    group: "Limits on clients",
    help: "most concurrent WHATSATs of all clients; further ones wait",
  },
  maxReportsPerSecond: {
    type: "whole number",
    flag: "max-reports-per-second",
    unit: "COUNT",
    min: 1,
    max: 1_000_000,
    zero: "any number",
    default: defaultClientLimits.maxReportsPerSecond,
    otherwise: "any number",
    group: "Limits on clients",
    help:
      "most reports a second of each connection and each identity; further ones wait",
  },
  maxQueriesPerSecond: {
    type: "whole number",
    flag: "max-queries-per-second",
    unit: "COUNT",
    min: 1,
    max: 1_000_000,
    zero: "any number",
    default: defaultClientLimits.maxQueriesPerSecond,
    otherwise: "any number",
    group: "Limits on clients",
    help:
      "most queries a second of each connection and each identity; further ones wait",
  },
} as const satisfies Record<keyof ClientLimits, NumberSetting>;

/** Every setting, in the order of `--help`. */
export const schema = {
  basePort: {
    type: "whole number",
    flag: "base-port",
    unit: "PORT",
    min: 1,
    max: 65_535,
    otherwise: "8000",
    group: "The herd",
    help: `first client port; ${otherPorts}`,
    permission: "net",
    sources: notInSettings,
    inHerdFile: '"basePort", outside of "settings"',
  },
  host: {
    type: "host",
    flag: "host",
    otherwise: "the herd file's, 127.0.0.1",
    group: "The herd",
    help: "address to listen on for clients",
    permission: "net",
  },
  config: {
    type: "file",
    flag: "config",
    group: "The herd",
    help: "herd file to use instead of the default herd",
    permission: "read",
    sources: oneServer,
  },
  logDirectory: {
    type: "folder",
    flag: "log-dir",
    default: "logs",
    group: "Log",
    help: "folder in which NAME.log is written",
    permission: "write",
  },
  // At least a few lines; at most 1 TiB.
  logMaxBytes: {
    type: "whole number",
    flag: "log-max-bytes",
    unit: "BYTES",
    min: 1024,
    max: 2 ** 40,
    default: defaultMaxFileBytes,
    group: "Log",
    help: "size of a full log file",
  },
  logKeptFiles: {
    type: "whole number",
    flag: "log-keep",
    unit: "COUNT",
    min: 1,
    max: 1000,
    default: defaultKeptFiles,
    group: "Log",
    help: "full log files kept besides the current one",
  },
  onLogFailure: {
    type: "choice",
    flag: "on-log-failure",
    placeholder: "WHAT",
    choices: logFailureChoices,
    default: "keep-serving",
    group: "Log",
    help: "what to do when the log cannot be written",
  },
  dataDirectory: {
    type: "folder",
    flag: "data-dir",
    otherwise: "reports are kept in memory only",
    group: "Data folder",
    help: "folder in which the newest reports are kept, in FOLDER/NAME",
    permission: "read and write",
  },
  // A disk syncs in some milliseconds. More than a minute would lose much.
  dataSyncMs: {
    type: "whole number",
    flag: "data-sync-ms",
    unit: "MS",
    min: 10,
    max: 60_000,
    default: defaultDataSyncMs,
    group: "Data folder",
    help: "longest time between a report and its sync to disk",
  },
  history: {
    type: "history",
    flag: "history",
    max: maxHistoryDays,
    otherwise: "reports are not recorded",
    group: "Data folder",
    help:
      "record clients' reports: DAYS in FOLDER/NAME/history, or postgres://USER@HOST/DATABASE",
  },
  // Ten years of partitions are what the database allows.
  historyDays: {
    type: "whole number",
    flag: "history-days",
    unit: "DAYS",
    min: 1,
    max: 3_650,
    default: 30,
    group: "Data folder",
    help: "with a database: keep the reports for this many days",
  },
  historyCredentials: {
    type: "file",
    flag: "history-credentials",
    group: "Data folder",
    help: "file with lines HOST:PORT:DATABASE:USER:PASSWORD, as in .pgpass",
    permission: "read",
    sources: oneServer,
  },
  historyCa: {
    type: "file",
    flag: "history-ca",
    group: "Data folder",
    help: "authority of the database's certificate, in PEM",
    otherwise: "the system's authorities",
    permission: "read",
    sources: oneServer,
  },
  // A disk has less than the maximum.
  historySpoolBytes: {
    type: "whole number",
    flag: "history-spool-bytes",
    unit: "BYTES",
    min: 2 ** 20,
    max: 2 ** 40,
    otherwise: "1 GiB in the data folder, or 64 MiB of memory without one",
    group: "Data folder",
    help: "most bytes of reports that wait while the database is down",
  },
  secretFile: {
    type: "file",
    flag: "secret-file",
    group: "Links and replicas",
    help: "file with the servers' secrets, one a line (or set HERD_SECRET)",
    permission: "read",
    sources: oneServer,
  },
  // A busy server may be silent for less than the minimum. More than an hour
  // would be as good as never.
  linkTimeoutMs: {
    type: "whole number",
    flag: "link-timeout-ms",
    unit: "MS",
    min: 3_000,
    max: 3_600_000,
    default: defaultLinkTimeoutMs,
    group: "Links and replicas",
    help: "close a link that is silent for this long, and dial again",
  },
  maxHalfOpenLinks: {
    type: "whole number",
    flag: "max-half-open-links",
    unit: "COUNT",
    min: minHalfOpenLinks,
    max: 10_000,
    default: defaultMaxHalfOpenLinks,
    group: "Links and replicas",
    help: "most peer connections in handshake; then the oldest is closed",
  },
  // No machine has the memory for more.
  maxClients: {
    type: "whole number",
    flag: "max-clients",
    unit: "COUNT",
    min: 1,
    max: 100_000_000,
    default: defaultMaxClients,
    group: "Links and replicas",
    help: "most clients whose newest report a server keeps",
  },
  // A record's address has 32 bits, of 8 bytes each.
  maxTableBytes: {
    type: "whole number",
    flag: "max-table-bytes",
    unit: "BYTES",
    min: 2 ** 20,
    max: 32 * 2 ** 30,
    auto: "a part of the free memory, with --allow-sys=systemMemoryInfo",
    default: defaultMaxTableBytes,
    group: "Links and replicas",
    help: "memory for the reports of one server; when full, the oldest expire",
  },
  tableShares: {
    type: "whole number",
    flag: "table-shares",
    unit: "COUNT",
    min: 1,
    max: 1_000_000,
    default: defaultTableShares,
    group: "Links and replicas",
    help:
      "once the table is half full, an address with 1/COUNT of it adds no client",
  },
  // Up to about 30 years.
  clientTtlSeconds: {
    type: "whole number",
    flag: "client-ttl",
    unit: "SECONDS",
    min: 1,
    max: 1_000_000_000,
    otherwise: "never",
    group: "Links and replicas",
    help: "expire a client's report after this time without a newer one",
  },
  // A day is longer than most repairs take. Ten years is as good as for ever.
  forgetDays: {
    type: "whole number",
    flag: "forget-days",
    unit: "DAYS",
    min: 1,
    max: 3_650,
    default: defaultForgetDays,
    group: "Links and replicas",
    help: "keep a client's deletion this long, to refuse late copies",
  },
  catchUp: {
    type: "switch",
    flag: "no-catch-up",
    flagMeans: false,
    default: true,
    group: "Links and replicas",
    help: "switch off anti-entropy between neighbours (plain flooding)",
  },
  tlsCert: {
    type: "file",
    flag: "tls-cert",
    group: "TLS",
    help: "certificate, in PEM: clients use TLS, not plain text",
    permission: "read",
    sources: oneServer,
  },
  tlsKey: {
    type: "file",
    flag: "tls-key",
    group: "TLS",
    help: "the certificate's private key, in PEM",
    permission: "read",
    sources: oneServer,
  },
  tlsCa: {
    type: "file",
    flag: "tls-ca",
    group: "TLS",
    help: "authority of the servers' certificates, in PEM: links use TLS too",
    permission: "read",
    sources: oneServer,
  },
  plainClients: {
    type: "switch",
    flag: "plain-clients",
    default: false,
    group: "TLS",
    help:
      `serve the client port in plain text; TLS is ${offsetOfTls} ports above`,
  },
  // Its default in commands is token.key; a server without it asks for none.
  tokenKeyFile: {
    type: "file",
    flag: "token-key-file",
    group: "Identity",
    help: "file with the keys that sign tokens; requests must then have one",
    permission: "read",
    sources: oneServer,
  },
  revokedFile: {
    type: "file",
    flag: "revoked-file",
    group: "Identity",
    help: "file with the IDs (jti) of revoked tokens, one a line",
    permission: "read",
    sources: oneServer,
  },
  tlsClientCa: {
    type: "file",
    flag: "tls-client-ca",
    group: "Identity",
    help:
      "authority of clients' certificates, in PEM; TLS clients then need one",
    permission: "read",
    sources: oneServer,
  },
  identitiesFile: {
    type: "file",
    flag: "identities",
    group: "Identity",
    help: "file that says what each client certificate permits",
    permission: "read",
    sources: oneServer,
  },
  openClients: {
    type: "switch",
    flag: "open-clients",
    default: false,
    group: "Identity",
    help:
      "let every program that reaches a client or gateway port act for every client",
  },
  localClients: {
    type: "switch",
    flag: "local-clients",
    default: false,
    group: "Identity",
    help:
      "with --token-key-file: every program on this machine may use the client port",
    sources: programs,
  },
  trustedProxies: {
    type: "networks",
    flag: "trusted-proxies",
    default: [],
    group: "Identity",
    help:
      "addresses of proxies whose X-Forwarded-For or Forwarded headers are used",
    sources: programs,
  },
  admin: {
    type: "switch",
    flag: "admin",
    default: false,
    group: "Administration",
    help: "open the administration port (herd up does)",
    permission: "net",
    sources: programs,
  },
  adminHost: {
    type: "host",
    flag: "admin-host",
    default: "127.0.0.1",
    group: "Administration",
    help: "address on which the administration port listens",
    permission: "net",
    sources: programs,
  },
  adminNames: {
    type: "hosts",
    flag: "admin-names",
    default: [],
    group: "Administration",
    help:
      "names accepted in Host headers besides loopback ones, comma-separated",
    sources: programs,
  },
  http: {
    type: "switch",
    flag: "http",
    default: false,
    group: "Gateways",
    help: "open the HTTP port for phones and programs (herd up does)",
    permission: "net",
    sources: programs,
  },
  mqtt: {
    type: "switch",
    flag: "mqtt",
    default: false,
    group: "Gateways",
    help: "open the MQTT port for phones and devices (herd up does)",
    permission: "net",
    sources: programs,
  },
  gatewayHost: {
    type: "host",
    flag: "gateway-host",
    otherwise: "that of --host",
    group: "Gateways",
    help: "address on which the ports of gateways listen",
    permission: "net",
    sources: programs,
  },
  allowOrigins: {
    type: "origins",
    flag: "allow-origins",
    default: [],
    group: "Gateways",
    help: "origins of web pages that may use gateways, comma-separated",
    sources: programs,
  },
  nmea: {
    type: "switch",
    flag: "nmea",
    default: false,
    group: "Gateways",
    help: "open the NMEA port, TCP and UDP, for devices that send sentences",
    permission: "net",
    sources: programs,
  },
  openNmea: {
    type: "file",
    flag: "open-nmea",
    group: "Gateways",
    help: "file with the addresses that may report by NMEA, and their IDs",
    permission: "read",
    sources: oneServer,
  },
  placesProvider: {
    type: "choice",
    flag: "places",
    placeholder: "PROVIDER",
    choices: providerNames,
    default: "auto",
    group: "Places",
    otherwise: "auto: Google if there is a key",
    help: "places service",
    permission: "net",
    sources: programs,
  },
  placesUrl: {
    type: "URL",
    flag: "places-url",
    group: "Places",
    help: "URL to send requests to instead of the service's",
    permission: "net",
    sources: programs,
  },
  placesKeyFile: {
    type: "file",
    flag: "places-key-file",
    group: "Places",
    help: "file with the API key (or set GOOGLE_PLACES_KEY)",
    permission: "read",
    sources: oneServer,
  },
  // At most 30 days, the longest period that Google's terms permit for any of
  // its data.
  placesTtlSeconds: {
    type: "whole number",
    flag: "places-ttl",
    unit: "SECONDS",
    min: 0,
    max: 30 * 24 * 60 * 60,
    default: 0,
    group: "Places",
    help: "cache answers for this long; Google's terms restrict that",
  },
  // For no requests at all, select the gazetteer.
  placesBudget: {
    type: "whole number",
    flag: "places-budget",
    unit: "COUNT",
    min: 1,
    max: 1_000_000_000,
    otherwise: "no limit",
    group: "Places",
    help: "most requests to the service in one day, UTC",
  },
  ...clientLimitSettings,
} as const satisfies Schema;

/** The name of a setting. */
export type SettingName = keyof typeof schema;
