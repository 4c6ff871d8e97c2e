/**
 * Collects the records about some reports of a client from one server's log:
 * the second of two passes.
 *
 * @module
 */
import { escapeBytes, unescapeBytes } from "../log/escape.ts";
import type { EventRecord } from "../log/parse.ts";
import {
  fingerprint,
  fingerprintDigits,
  formatFingerprint,
} from "../peers/store/fingerprint.ts";
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { parseCommand } from "../protocol/command.ts";
import { LinkState, type Route } from "./link_state.ts";
import type { Direction, RecordVisitor } from "./record_reader.ts";
import { mentionsReport } from "./report_finder.ts";
import { isNewerLine, readReportLine, type ReportLine } from "./report_line.ts";
import { printable } from "./format.ts";

/** A server sent a report to a neighbour. */
export interface Sending {
  readonly from: string;
  readonly to: string;
  readonly timeUs: number;
  readonly route: Route;
}

/** A server received a report from a neighbour. */
export interface Receipt extends Sending {
  /** Newer than, equal to, or older than the report that the server had. */
  readonly outcome: "news" | "known" | "older";
}

/**
 * A server announced a report to a neighbour with HAVE, according to one of the
 * two logs.
 */
export interface LoggedAnnouncement {
  readonly from: string;
  readonly to: string;
  /** By the clock of the server that logged it. */
  readonly timeUs: number;
  /** The server whose log has the line. */
  readonly loggedBy: string;
}

/** A server got or made a deletion that covers a report. */
export interface Forgetting {
  readonly server: string;
  /** When its log first has it, by its clock. */
  readonly timeUs: number;
  /** What was heard until then is deleted, in POSIX seconds. */
  readonly until: string;
}

/** The connection on which a client sent a report. */
export interface ClientEntry {
  readonly connection: string;
  /** The client's address, if the log has the beginning of the connection. */
  readonly remote: string | undefined;
}

/** The records about one report in all logs. */
export class ReportTrace {
  readonly report: ReportLine;
  /**
   * The fingerprint in the report's ID in HAVE and WANT. The leaf before it
   * depends on a key that no log has.
   */
  readonly id: string;
  entry: ClientEntry | undefined;
  /** Whether its origin had a newer one, and so did not forward it. */
  wasOld = false;
  readonly sendings: Sending[] = [];
  readonly receipts: Receipt[] = [];
  readonly announcements: LoggedAnnouncement[] = [];
  /** The first deletion at each server that reaches it. */
  readonly forgettings: Forgetting[] = [];
  /** Pairs of requesting and requested server: `Hill Smith`. */
  readonly requests = new Set<string>();

  constructor(report: ReportLine) {
    this.report = report;
    this.id = formatFingerprint(fingerprint(unescapeBytes(report.record)));
  }
}

/** What one server's log covers. */
export interface LogSpan {
  readonly server: string;
  /** The first and the last record, in microseconds since 1970. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** The newest report of the client that the server had, if any. */
  readonly newest: ByteString | undefined;
  /** Lines that the server could not write, as the log says. */
  readonly lostLines: number;
}

/** Reads the log of one server, with its files in order. */
export class ServerTracer implements RecordVisitor {
  readonly #server: string;
  readonly #client: ByteString;
  readonly #reports: ReadonlyMap<ByteString, ReportTrace>;
  readonly #byId: ReadonlyMap<string, ReportTrace>;
  /** The addresses of clients, by connection. */
  readonly #remotes = new Map<string, string>();
  readonly #linkStates = new Map<string, LinkState>();
  /** The number of the current record. */
  #order = 0;
  #known: ByteString | undefined;
  /** The number of the record at which this run received each report. */
  readonly #knownOrders = new Map<ByteString, number>();
  #newest: ByteString | undefined;
  #lostLines = 0;
  #firstUs = Infinity;
  #lastUs = -Infinity;

  /**
   * @param client The client's ID, escaped.
   * @param reports The client's reports by their escaped lines. Records are
   * added to them.
   */
  constructor(
    server: string,
    client: ByteString,
    reports: ReadonlyMap<ByteString, ReportTrace>,
  ) {
    this.#server = server;
    this.#client = client;
    this.#reports = reports;
    this.#byId = new Map(
      [...reports.values()].map((report) => [report.id, report]),
    );
  }

  /** What was read so far; undefined before the first record. */
  get span(): LogSpan | undefined {
    if (this.#firstUs === Infinity) return undefined;
    return {
      server: this.#server,
      firstUs: this.#firstUs,
      lastUs: this.#lastUs,
      newest: this.#newest,
      lostLines: this.#lostLines,
    };
  }

  event(timeUs: number, { connection, event, fields }: EventRecord): void {
    this.#noteTime(timeUs);
    if (event === "started") {
      // The new run starts without reports.
      this.#known = undefined;
      this.#remotes.clear();
      this.#linkStates.clear();
    } else if (event === "connected") {
      this.#remotes.set(connection, printable(fields["remote"]));
    } else if (event === "closed") {
      this.#remotes.delete(connection);
    } else if (event === "link-up") {
      this.#linkStates.set(connection, new LinkState(this.#order));
    } else if (event === "link-down") {
      this.#linkStates.delete(connection);
    } else if (event === "client-forgotten") {
      const client = bytesOfText(String(fields["client"]));
      this.#forget(timeUs, `FORGET ${client} ${fields["until"]}`);
    } else if (event === "log-incomplete") {
      this.#lostLines += Number(fields["lostLines"]);
    }
  }

  traffic(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    this.#noteTime(timeUs);
    if (mentionsReport(connection, direction, text)) {
      if (text.includes(this.#client)) {
        this.#report(timeUs, connection, direction, text);
      }
    } else if (connection.startsWith("peer/")) {
      this.#message(timeUs, connection, direction, text);
    } else if (direction === "received" && text.includes(this.#client)) {
      this.#command(timeUs, connection, text);
    }
  }

  #noteTime(timeUs: number): void {
    this.#order += 1;
    this.#firstUs = Math.min(this.#firstUs, timeUs);
    this.#lastUs = Math.max(this.#lastUs, timeUs);
  }

  #report(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    const report = readReportLine(text);
    if (report === undefined || report.client !== this.#client) return;
    const { line, server } = report;
    const known = this.#known;
    const isNews = known === undefined || isNewerLine(line, known);
    const trace = this.#reports.get(line);
    if (isNews) this.#recordKnown(line, server);
    if (trace === undefined) return;
    const [, , neighbour] = connection.split("/");
    if (neighbour === undefined) {
      // An AT line to a client with a report that the server did not store.
      if (server === this.#server && !isNews && known !== line) {
        trace.wasOld = true;
      }
      return;
    }
    const link = this.#linkStateOf(connection);
    if (direction === "sent") {
      const knownOrder = this.#knownOrders.get(line) ?? this.#order;
      const route = link.out.routeOf(trace, knownOrder);
      const hop = { from: this.#server, to: neighbour };
      trace.sendings.push({ ...hop, timeUs, route });
      return;
    }
    trace.receipts.push({
      from: neighbour,
      to: this.#server,
      timeUs,
      route: link.in.routeOf(trace, Infinity),
      outcome: isNews ? "news" : known === line ? "known" : "older",
    });
  }

  #recordKnown(line: ByteString, server: string): void {
    this.#known = line;
    if (this.#reports.has(line)) {
      this.#knownOrders.set(line, this.#order);
      for (const { out } of this.#linkStates.values()) {
        out.onNewReport(line, server);
      }
    }
    const isNewest = this.#newest === undefined ||
      isNewerLine(line, this.#newest);
    if (isNewest) this.#newest = line;
  }

  /** A message between neighbours other than a report. */
  #message(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    const verbEnd = text.indexOf(" ");
    const verb = text.slice(0, verbEnd);
    if (verb === "FORGET") {
      this.#forget(timeUs, text);
    } else if (verb === "PRUNE" || verb === "GRAFT") {
      const state = this.#linkStateOf(connection).against(direction);
      state.setPruned(text.slice(verbEnd + 1), verb === "PRUNE");
    } else if (verb === "HAVE" || verb === "WANT") {
      for (const id of text.slice(verbEnd + 1).split(" ")) {
        const trace = this.#byId.get(id.slice(-fingerprintDigits));
        if (trace === undefined) continue;
        this.#onAnnouncement(timeUs, connection, direction, verb, trace);
      }
    }
  }

  /** The line of a deletion. */
  #forget(timeUs: number, text: ByteString): void {
    const [, client, until] = text.split(" ");
    if (client !== this.#client) return;
    const untilUs = Math.floor(Number(until) * 1e6);
    for (const { forgettings, report } of this.#reports.values()) {
      const server = this.#server;
      const isKnown = forgettings.some((other) => other.server === server);
      if (isKnown || report.heardUs > untilUs) continue;
      forgettings.push({ server, timeUs, until });
    }
    const known = this.#known && readReportLine(this.#known);
    if (known && known.heardUs <= untilUs) this.#known = undefined;
  }

  #onAnnouncement(
    timeUs: number,
    connection: string,
    direction: Direction,
    verb: "HAVE" | "WANT",
    trace: ReportTrace,
  ): void {
    const [, , neighbour = ""] = connection.split("/");
    const link = this.#linkStateOf(connection);
    const pair = direction === "sent"
      ? { from: this.#server, to: neighbour }
      : { from: neighbour, to: this.#server };
    if (verb === "HAVE") {
      link.along(direction).announced.add(trace.id);
      const loggedBy = this.#server;
      trace.announcements.push({ ...pair, timeUs, loggedBy });
    } else {
      link.against(direction).requested.add(trace.id);
      trace.requests.add(`${pair.from} ${pair.to}`);
    }
  }

  /** A client's line that may have been one of the reports. */
  #command(timeUs: number, connection: string, text: ByteString): void {
    const command = parseCommand(unescapeBytes(text));
    if (command?.verb !== "IAMAT") return;
    if (escapeBytes(command.client) !== this.#client) return;
    for (const trace of this.#reports.values()) {
      const { heardUs, position, server, time } = trace.report;
      // Equal lines in one chunk have the same time and make the same report.
      const isSame = server === this.#server && heardUs === timeUs &&
        position === command.position && time === command.time;
      if (!isSame) continue;
      trace.entry ??= { connection, remote: this.#remotes.get(connection) };
    }
  }

  #linkStateOf(connection: string): LinkState {
    let link = this.#linkStates.get(connection);
    if (link === undefined) {
      // The log begins after the link came up.
      link = new LinkState(0);
      this.#linkStates.set(connection, link);
    }
    return link;
  }
}
