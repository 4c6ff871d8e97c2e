/**
 * Sends reports and questions, holds every answer against what it must be, and
 * counts.
 *
 * @module
 */
import { DisconnectedError, InvalidCommandError } from "../client/types.ts";
import { isNewer } from "../protocol/report.ts";
import type { Clock } from "../runtime/clock.ts";
import {
  faultOfAnswer,
  faultOfReport,
  type QueryRequest,
  type ReportRequest,
} from "./check.ts";
import type { Expectations } from "./expectations.ts";
import type { Results } from "./results.ts";
import { type Connection, inTime } from "./servers.ts";

/** A question, as it is asked. */
type NewQuery = Omit<QueryRequest, "atLeast">;

/** What came of a question. */
export type Found =
  /** The server knows the phone: its newest AT line there. */
  | { readonly state: "known"; readonly line: string }
  /** It has not heard of it, and need not have. */
  | { readonly state: "unknown" }
  /** The answer was wrong, and is counted as such. */
  | { readonly state: "wrong" };

/** Asks on connections that it is given. */
export class Requester {
  readonly #servers: readonly string[];
  readonly #expectations: Expectations;
  readonly #results: Results;
  readonly #clock: Clock;

  constructor(
    servers: readonly string[],
    expectations: Expectations,
    results: Results,
    clock: Clock,
  ) {
    this.#servers = servers;
    this.#expectations = expectations;
    this.#results = results;
    this.#clock = clock;
  }

  /**
   * Reports; the AT line, if the right one has come.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async report(
    connection: Connection,
    asked: ReportRequest,
  ): Promise<string | undefined> {
    const { id, position, server, time } = asked;
    this.#expectations.recordSent(server, id, time, position);
    const startMs = this.#clock.elapsedMs();
    try {
      const at = await inTime(
        connection,
        this.#clock,
        connection.report({ client: id, position, time }),
      );
      this.#results.iamat.add(this.#clock.elapsedMs() - startMs);
      const { line } = this.#expectations.findSent(id, time) ?? {};
      const fault = faultOfReport(at, { ...asked, line });
      if (fault !== undefined) {
        this.#results.fault(`${fault}, found ${at.line}`);
        return undefined;
      }
      this.#results.right += 1;
      this.#expectations.recordAnswer(server, id, at.line);
      return at.line;
    } catch (error) {
      if (error instanceof DisconnectedError) throw error;
      this.#results.fault(
        `${describe(error)} to IAMAT ${id} ${position} ${time}`,
      );
    }
  }

  /**
   * Asks what a phone would.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async query(
    connection: Connection,
    asked: NewQuery,
  ): Promise<void> {
    const startMs = this.#clock.elapsedMs();
    const { state } = await this.find(connection, asked);
    this.#results.whatsat.add(this.#clock.elapsedMs() - startMs);
    if (state === "wrong") return;
    this.#results.right += 1;
    if (state === "unknown") this.#results.unknown += 1;
  }

  /**
   * Asks without being counted, unless the answer is wrong.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async find(
    connection: Connection,
    asked: NewQuery,
  ): Promise<Found> {
    const { bound, id, radiusKm, server } = asked;
    const atLeast = this.#expectations.newestAt(server, id);
    try {
      const nearby = await inTime(
        connection,
        this.#clock,
        connection.nearby({ client: id, radiusKm, bound }),
      );
      const { line } = nearby.at;
      const question = { ...asked, atLeast };
      const fault = faultOfAnswer(
        nearby,
        question,
        this.#expectations,
        this.#servers,
      );
      if (fault !== undefined) return this.#wrong(`${fault}, found ${line}`);
      this.#expectations.recordSeen(server, id, line);
      return { state: "known", line };
    } catch (error) {
      if (error instanceof DisconnectedError) throw error;
      const question = `WHATSAT ${id} ${radiusKm} ${bound}`;
      const isEcho = error instanceof InvalidCommandError &&
        error.message.endsWith(`? ${question}`);
      if (isEcho && atLeast === undefined) return { state: "unknown" };
      return this.#wrong(`${server}: ${describe(error)} to ${question}`);
    }
  }

  /**
   * Whether a server knows a phone's report, by its AT line, or a newer one;
   * undefined if its answer was wrong.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async hasReport(
    connection: Connection,
    server: string,
    id: string,
    line: string,
  ): Promise<boolean | undefined> {
    const asked = { server, id, radiusKm: 0, bound: 0 };
    const found = await this.find(connection, asked);
    if (found.state === "wrong") return undefined;
    return found.state === "known" && !isNewer(line, found.line);
  }

  #wrong(words: string): Found {
    this.#results.fault(words);
    return { state: "wrong" };
  }
}

/** What somebody has said, or what went wrong. */
function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
