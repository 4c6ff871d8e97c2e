/**
 * Sends reports and queries, checks the answers, and counts the results.
 *
 * @module
 */
import { DisconnectedError, InvalidCommandError } from "../client/types.ts";
import { isMissing } from "../protocol/order.ts";
import type { Clock } from "../runtime/clock.ts";
import {
  faultOfAnswer,
  faultOfReport,
  type QueryRequest,
  type ReportRequest,
} from "./check.ts";
import type { Expectations } from "./expectations.ts";
import type { Results } from "./results.ts";
import { type Connection, withDeadline } from "./servers.ts";

/** A query without expectations. */
type NewQuery = Omit<QueryRequest, "atLeast">;

/** The outcome of a query. */
export type QueryOutcome =
  /** The server has a report of the phone: its AT line. */
  | { readonly state: "known"; readonly line: string }
  /** The server has no report of the phone, and need not have one. */
  | { readonly state: "unknown" }
  /** The answer was wrong, and was counted as such. */
  | { readonly state: "wrong" };

/** Sends requests on the given connections. */
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
   * Sends a report. Returns the AT line if the answer is correct.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async report(
    connection: Connection,
    request: ReportRequest,
  ): Promise<string | undefined> {
    const { id, position, server, time } = request;
    this.#expectations.recordSent(server, id, time, position);
    const startMs = this.#clock.elapsedMs();
    try {
      const at = await withDeadline(
        connection,
        this.#clock,
        connection.report({ client: id, position, time }),
      );
      this.#results.iamat.add(this.#clock.elapsedMs() - startMs);
      const { line } = this.#expectations.findSent(id, time) ?? {};
      const fault = faultOfReport(at, { ...request, line });
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
   * Sends a query and counts its result.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async query(
    connection: Connection,
    request: NewQuery,
  ): Promise<void> {
    const startMs = this.#clock.elapsedMs();
    const { state } = await this.find(connection, request);
    this.#results.whatsat.add(this.#clock.elapsedMs() - startMs);
    if (state === "wrong") return;
    this.#results.right += 1;
    if (state === "unknown") this.#results.unknown += 1;
  }

  /**
   * Sends a query, which is counted only if the answer is wrong.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async find(
    connection: Connection,
    request: NewQuery,
  ): Promise<QueryOutcome> {
    const { bound, id, radiusKm, server } = request;
    const atLeast = this.#expectations.newestAt(server, id);
    try {
      const nearby = await withDeadline(
        connection,
        this.#clock,
        connection.nearby({ client: id, radiusKm, bound }),
      );
      const { line } = nearby.at;
      const fault = faultOfAnswer(
        nearby,
        { ...request, atLeast },
        this.#expectations,
        this.#servers,
      );
      if (fault !== undefined) return this.#wrong(`${fault}, found ${line}`);
      this.#expectations.recordSeen(server, id, line);
      return { state: "known", line };
    } catch (error) {
      if (error instanceof DisconnectedError) throw error;
      const command = `WHATSAT ${id} ${radiusKm} ${bound}`;
      const isEcho = error instanceof InvalidCommandError &&
        error.message.endsWith(`? ${command}`);
      if (isEcho && atLeast === undefined) return { state: "unknown" };
      return this.#wrong(`${server}: ${describe(error)} to ${command}`);
    }
  }

  /**
   * Whether a server has this report of a phone or a newer one; undefined if
   * its answer was wrong.
   *
   * @throws {DisconnectedError} If the connection ended first.
   */
  async hasReport(
    connection: Connection,
    server: string,
    id: string,
    line: string,
  ): Promise<boolean | undefined> {
    const request = { server, id, radiusKm: 0, bound: 0 };
    const found = await this.find(connection, request);
    if (found.state === "wrong") return undefined;
    return found.state === "known" && !isMissing(line, found.line);
  }

  #wrong(description: string): QueryOutcome {
    this.#results.fault(description);
    return { state: "wrong" };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
