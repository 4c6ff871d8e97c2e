/**
 * A client of a whole herd.
 *
 * @module
 */
import { CertificateError } from "../runtime/certificates.ts";
import { checkAddress } from "./address.ts";
import { HerdClient } from "./client.ts";
import { commandLine, withTime } from "./operands.ts";
import {
  type Address,
  type At,
  DisconnectedError,
  InvalidCommandError,
  type NearbyAnswer,
  type NearbyQuery,
  type PositionReport,
} from "./types.ts";

/**
 * Sends reports and queries to the first server that answers. A request without
 * an answer is sent again to the next server. So the herd may receive a report
 * twice; both copies have the same time, and the second changes nothing.
 *
 * ```ts
 * import { RoamingClient } from "./mod.ts";
 *
 * await using herd = new RoamingClient([
 *   { port: 8000, timeoutMs: 5_000 },
 *   { port: 8001, timeoutMs: 5_000 },
 * ]);
 * const at = await herd.report({ client: "kiwi", position: "+34.07-118.45" });
 * console.log(`${at.server} received it`);
 * ```
 */
export class RoamingClient implements AsyncDisposable {
  readonly #servers: readonly Address[];
  #index = 0;
  #client: Promise<HerdClient> | undefined;
  /** Abandoned connections that are not closed yet. */
  readonly #closing = new Set<Promise<void>>();

  /**
   * Connects at the first request.
   *
   * @param servers In the order in which to try them. Give each a `timeoutMs`:
   * without one, a request to a frozen server waits forever.
   * @throws {RangeError} If the list is empty, a port or a `timeoutMs` is out of
   * range, or a part of TLS is missing.
   */
  constructor(servers: readonly Address[]) {
    if (servers.length === 0) {
      throw new RangeError("servers: expected one or more");
    }
    for (const [index, server] of servers.entries()) {
      try {
        checkAddress(server);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new RangeError(`servers[${index}]: ${error.message}`);
      }
    }
    this.#servers = servers;
  }

  /**
   * Reports a client's position.
   *
   * @throws {RangeError} If a field is invalid. The message names it.
   * @throws {DisconnectedError} If no server answers.
   */
  async report(report: PositionReport): Promise<At> {
    // The time is the same however often the report is sent.
    const timed = withTime(report);
    // Throws before connecting if a field is invalid.
    commandLine("IAMAT", timed);
    return await this.#request((client) => client.report(timed));
  }

  /**
   * Queries what is near a client.
   *
   * @throws {RangeError} If a field is invalid. The message names it.
   * @throws {InvalidCommandError} If the server has no report of the client.
   * @throws {DisconnectedError} If no server answers.
   */
  async nearby(query: NearbyQuery): Promise<NearbyAnswer> {
    commandLine("WHATSAT", query);
    return await this.#request((client) => client.nearby(query));
  }

  /**
   * Closes the connection when all requests are answered. A later request
   * connects again.
   */
  async close(): Promise<void> {
    const connecting = this.#client;
    if (connecting !== undefined) this.#abandon(connecting);
    await Promise.all(this.#closing);
  }

  /** Calls `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #request<Answer>(
    send: (client: HerdClient) => Promise<Answer>,
  ): Promise<Answer> {
    const failures: string[] = [];
    // The first server is tried twice: its connection may have ended before.
    while (failures.length <= this.#servers.length) {
      const { hostname = "127.0.0.1", port } = this.#servers[this.#index];
      const connecting = this.#client ??= HerdClient.connect(
        this.#servers[this.#index],
      );
      try {
        return await send(await connecting);
      } catch (error) {
        if (!(error instanceof Error) || isFinal(error)) throw error;
        failures.push(`${hostname}:${port}: ${error.message}`);
        this.#abandon(connecting);
      }
    }
    throw new DisconnectedError(
      `no server answers: ${[...new Set(failures)].join("; ")}`,
    );
  }

  /** Closes a connection and switches to the next server, once. */
  #abandon(connecting: Promise<HerdClient>): void {
    if (this.#client !== connecting) return;
    this.#client = undefined;
    this.#index = (this.#index + 1) % this.#servers.length;
    const closing: Promise<void> = connecting
      .then((client) => client.close())
      .catch(() => {
        // The connection was never opened.
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/** Whether every server would answer with this error. */
function isFinal(error: Error): boolean {
  return error instanceof RangeError ||
    error instanceof InvalidCommandError ||
    error instanceof CertificateError ||
    error instanceof Deno.errors.NotCapable;
}
