/**
 * Collects what one server's log says about some reports of a client: the second
 * of two readings.
 *
 * @module
 */
import { escapeBytes, unescapeBytes } from "../log/escape.ts";
import type { EventRecord } from "../log/parse.ts";
import { leafOf } from "../peers/store/digest_tree.ts";
import { fingerprint, hashClient } from "../peers/store/fingerprint.ts";
import { formatReportId } from "../peers/replication/messages.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { parseCommand } from "../protocol/command.ts";
import { LinkState, type Route } from "./link_state.ts";
import type { Direction, RecordVisitor } from "./record_reader.ts";
import { mentionsReport } from "./report_finder.ts";
import { isNewerLine, readReportLine, type ReportLine } from "./report_line.ts";
import { printable } from "./format.ts";

/** A server has written a report to a neighbour. */
export interface Sending {
  readonly from: string;
  readonly to: string;
  readonly timeUs: number;
  readonly route: Route;
}

/** A server has read a report from a neighbour. */
export interface Receipt extends Sending {
  /** News, the very report that it knew already, or older than what it knew. */
  readonly outcome: "news" | "known" | "older";
}

/** A server has told a neighbour that it has a report: HAVE. */
export interface Announcement {
  readonly from: string;
  readonly to: string;
  /** By the clock of the server that has logged it. */
  readonly timeUs: number;
  /** Whose log it is from. */
  readonly loggedBy: string;
}

/** How a report came into the herd, as the server's log has it. */
export interface ClientEntry {
  readonly connection: string;
  /** The client's address, if the log tells where the connection began. */
  readonly remote: string | undefined;
}

/** All that logs say of one report. */
export class ReportTrace {
  readonly report: ReportLine;
  /** How neighbours name it in HAVE and WANT. */
  readonly mark: string;
  entry: ClientEntry | undefined;
  /** The server that heard it knew a newer one, so nobody was told. */
  wasOld = false;
  readonly sendings: Sending[] = [];
  readonly receipts: Receipt[] = [];
  readonly announcements: Announcement[] = [];
  /** Who has asked whom for it: `Hill Smith`. */
  readonly requests = new Set<string>();

  constructor(report: ReportLine) {
    this.report = report;
    this.mark = formatReportId({
      leaf: leafOf(hashClient(unescapeBytes(report.client))),
      fingerprint: fingerprint(unescapeBytes(report.line)),
    });
  }
}

/** What a log says of its server, besides reports. */
export interface LogSpan {
  readonly server: string;
  /** The first and the last record, in microseconds since 1970. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** The newest report of the client that was known there, if any. */
  readonly newest: ByteString | undefined;
  /** Lines that the server could not write, as the log says. */
  readonly lostLines: number;
}

/** Reads the log of one server, all its files in their order. */
export class ServerTracer implements RecordVisitor {
  readonly #server: string;
  readonly #client: ByteString;
  readonly #reports: ReadonlyMap<ByteString, ReportTrace>;
  readonly #marked: ReadonlyMap<string, ReportTrace>;
  /** Where the connections of clients come from. */
  readonly #remotes = new Map<string, string>();
  readonly #linkStates = new Map<string, LinkState>();
  /** Counts records. */
  #order = 0;
  #known: ByteString | undefined;
  /** Since which record each report is known, in this run. */
  readonly #knownOrders = new Map<ByteString, number>();
  #newest: ByteString | undefined;
  #lostLines = 0;
  #firstUs = Infinity;
  #lastUs = -Infinity;

  /**
   * @param client Escaped.
   * @param reports The client's, by their lines, escaped. They are added to.
   */
  constructor(
    server: string,
    client: ByteString,
    reports: ReadonlyMap<ByteString, ReportTrace>,
  ) {
    this.#server = server;
    this.#client = client;
    this.#reports = reports;
    this.#marked = new Map(
      [...reports.values()].map((report) => [report.mark, report]),
    );
  }

  /** What was read so far; undefined if that is nothing. */
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
    this.#pass(timeUs);
    if (event === "started") {
      // What the former run knew is gone with it.
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
    this.#pass(timeUs);
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

  #pass(timeUs: number): void {
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
    const followed = this.#reports.get(line);
    if (isNews) this.#recordKnown(line, server);
    if (followed === undefined) return;
    const [, , neighbour] = connection.split("/");
    if (neighbour === undefined) {
      // The answer of a server that did not take it for news.
      if (server === this.#server && !isNews && known !== line) {
        followed.wasOld = true;
      }
      return;
    }
    const talk = this.#linkStateOf(connection);
    if (direction === "sent") {
      const knownOrder = this.#knownOrders.get(line) ?? this.#order;
      const route = talk.out.routeOf(followed, knownOrder);
      const hop = { from: this.#server, to: neighbour };
      followed.sendings.push({ ...hop, timeUs, route });
      return;
    }
    followed.receipts.push({
      from: neighbour,
      to: this.#server,
      timeUs,
      route: talk.in.routeOf(followed, Infinity),
      outcome: isNews ? "news" : known === line ? "known" : "older",
    });
  }

  #recordKnown(line: ByteString, server: string): void {
    this.#known = line;
    if (this.#reports.has(line)) {
      this.#knownOrders.set(line, this.#order);
      for (const { out } of this.#linkStates.values()) out.learn(line, server);
    }
    const isNewest = this.#newest === undefined ||
      isNewerLine(line, this.#newest);
    if (isNewest) this.#newest = line;
  }

  /** What neighbours say to each other besides reports. */
  #message(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    const verbEnd = text.indexOf(" ");
    const verb = text.slice(0, verbEnd);
    if (verb === "PRUNE" || verb === "GRAFT") {
      const way = this.#linkStateOf(connection).against(direction);
      way.holdBack(text.slice(verbEnd + 1), verb === "PRUNE");
    } else if (verb === "HAVE" || verb === "WANT") {
      for (const mark of text.slice(verbEnd + 1).split(" ")) {
        const followed = this.#marked.get(mark);
        if (followed === undefined) continue;
        this.#mark(timeUs, connection, direction, verb, followed);
      }
    }
  }

  #mark(
    timeUs: number,
    connection: string,
    direction: Direction,
    verb: "HAVE" | "WANT",
    followed: ReportTrace,
  ): void {
    const [, , neighbour = ""] = connection.split("/");
    const talk = this.#linkStateOf(connection);
    const pair = direction === "sent"
      ? { from: this.#server, to: neighbour }
      : { from: neighbour, to: this.#server };
    if (verb === "HAVE") {
      talk.along(direction).announced.add(followed.mark);
      const loggedBy = this.#server;
      followed.announcements.push({ ...pair, timeUs, loggedBy });
    } else {
      talk.against(direction).requested.add(followed.mark);
      followed.requests.add(`${pair.from} ${pair.to}`);
    }
  }

  /** A client's report, perhaps, as it came in. */
  #command(timeUs: number, connection: string, text: ByteString): void {
    const command = parseCommand(unescapeBytes(text));
    if (command?.verb !== "IAMAT") return;
    if (escapeBytes(command.client) !== this.#client) return;
    for (const followed of this.#reports.values()) {
      const { heardUs, position, server, time } = followed.report;
      // Two in one chunk are the very same report.
      const isIt = server === this.#server && heardUs === timeUs &&
        position === command.position && time === command.time;
      if (!isIt) continue;
      followed.entry ??= { connection, remote: this.#remotes.get(connection) };
    }
  }

  #linkStateOf(connection: string): LinkState {
    let talk = this.#linkStates.get(connection);
    if (talk === undefined) {
      // The log does not go back to when it came up.
      talk = new LinkState(0);
      this.#linkStates.set(connection, talk);
    }
    return talk;
  }
}
