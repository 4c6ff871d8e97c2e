/**
 * A client of a whole herd: talks to one server, and when that one is gone, to
 * the next.
 *
 * @module
 */
import { CertificateError } from "../runtime/certificates.ts";
import { HerdClient } from "./client.ts";
import { commandLine } from "./operands.ts";
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
 * Talks to the herd by whichever of its servers answers. What was not answered
 * is said again to the next one, so a server may hear a report twice: it has
 * the same time both times, and is one report.
 *
 * ```ts
 * import { RoamingClient } from "./mod.ts";
 *
 * await using herd = new RoamingClient([
 *   { port: 8000, timeoutMs: 5_000 },
 *   { port: 8001, timeoutMs: 5_000 },
 * ]);
 * const at = await herd.report({ client: "kiwi", position: "+34.07-118.45" });
 * console.log(`${at.server} has heard it`);
 * ```
 */
export class RoamingClient implements AsyncDisposable {
  readonly #servers: readonly Address[];
  #index = 0;
  #client: Promise<HerdClient> | undefined;
  /** The connections given up that are not closed yet. */
  readonly #closing = new Set<Promise<void>>();

  /**
   * Connects to nobody yet.
   *
   * @param servers In the order in which they are to be tried. Give each a
   * `timeoutMs`: without one, a server that is frozen is waited for.
   * @throws {RangeError} If there are none.
   */
  constructor(servers: readonly Address[]) {
    if (servers.length === 0) throw new RangeError("servers: expected some");
    this.#servers = servers;
  }

  /**
   * Reports where a client is.
   *
   * @throws {RangeError} If the update cannot be sent as it is.
   * @throws {DisconnectedError} If no server answers.
   */
  async report(report: PositionReport): Promise<At> {
    // One time, however often it has to be said.
    const { time = new Date() } = report;
    const said = { ...report, time };
    // Whoever cannot be understood need not be heard by anybody.
    commandLine("IAMAT", said);
    return await this.#request((client) => client.report(said));
  }

  /**
   * Asks what is near a client.
   *
   * @throws {RangeError} If the question cannot be sent as it is.
   * @throws {InvalidCommandError} If the server has not heard of the client.
   * @throws {DisconnectedError} If no server answers.
   */
  async nearby(query: NearbyQuery): Promise<NearbyAnswer> {
    commandLine("WHATSAT", query);
    return await this.#request((client) => client.nearby(query));
  }

  /** Closes when all is answered. What is asked later connects again. */
  async close(): Promise<void> {
    const connecting = this.#client;
    if (connecting !== undefined) this.#abandon(connecting);
    await Promise.all(this.#closing);
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #request<Answer>(
    ask: (client: HerdClient) => Promise<Answer>,
  ): Promise<Answer> {
    const failures: string[] = [];
    // All of them, and the first again: its connection may have been an old one.
    while (failures.length <= this.#servers.length) {
      const { hostname = "127.0.0.1", port } = this.#servers[this.#index];
      const connecting = this.#client ??= HerdClient.connect(
        this.#servers[this.#index],
      );
      try {
        return await ask(await connecting);
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

  /** Closes a connection. If nobody else has done so yet, the next is next. */
  #abandon(connecting: Promise<HerdClient>): void {
    if (this.#client !== connecting) return;
    this.#client = undefined;
    this.#index = (this.#index + 1) % this.#servers.length;
    const closing: Promise<void> = connecting
      .then((client) => client.close())
      .catch(() => {
        // It was never open.
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/** Whether another server would say the same. */
function isFinal(error: Error): boolean {
  return error instanceof RangeError ||
    error instanceof InvalidCommandError ||
    error instanceof CertificateError ||
    error instanceof Deno.errors.NotCapable;
}
