/**
 * Runs one phone: it connects, reports, queries and roams until the run ends.
 *
 * @module
 */
import { DisconnectedError } from "../client/types.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Ending } from "./ending.ts";
import type { Expectations } from "./expectations.ts";
import type { Action, Phone } from "./phone.ts";
import type { Requester } from "./requester.ts";
import type { Results } from "./results.ts";
import { type Connection, type Servers, withDeadline } from "./servers.ts";

/** What all phones of a run share. */
export interface PhoneContext {
  readonly phones: readonly Phone[];
  readonly servers: Servers;
  readonly requester: Requester;
  readonly expectations: Expectations;
  readonly results: Results;
  readonly clock: Clock;
  /** When the run began, as `clock.elapsedMs()`. */
  readonly startMs: number;
  /** The end of the run. */
  readonly ending: Ending;
  /** Called for each report with a correct answer. */
  readonly onReport: (server: string, id: string, line: string) => void;
}

/** The server that a phone is connected to. */
interface CurrentServer {
  readonly server: string;
  readonly connection: Connection;
}

/**
 * Runs a phone until the end. Resolves when all its requests have been
 * answered.
 */
export async function runPhone(
  phone: Phone,
  context: PhoneContext,
): Promise<void> {
  await new PhoneLoop(phone, context).run();
}

class PhoneLoop {
  readonly #phone: Phone;
  readonly #context: PhoneContext;
  #current: CurrentServer | undefined;
  /** The server of the last connection. */
  #lastServer: string | undefined;

  constructor(phone: Phone, context: PhoneContext) {
    this.#phone = phone;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { clock, ending, startMs } = this.#context;
    while (!ending.hasCome) {
      const action = this.#phone.next();
      const waitMs = startMs + action.atMs - clock.elapsedMs();
      await ending.sleep(clock, Math.max(waitMs, 0));
      if (ending.hasCome) break;
      await this.#perform(action);
    }
    await this.#disconnect();
  }

  async #perform(action: Action): Promise<void> {
    if (action.kind === "roam") {
      if (this.#current === undefined) return;
      this.#context.results.roamed += 1;
      return await this.#disconnect();
    }
    this.#current ??= await this.#connect();
    const current = this.#current;
    if (current === undefined) return;
    const { ending, servers } = this.#context;
    const permits = servers.requestPermits(current.server);
    if (!await permits.acquire(ending)) return;
    const request = action.kind === "report"
      ? this.#report(current)
      : this.#query(current, action);
    // Not awaited, so that requests overlap. `#disconnect` waits for all
    // answers.
    request.catch((error) => {
      if (!(error instanceof DisconnectedError)) throw error;
      this.#onLost(current);
    }).finally(() => permits.release());
  }

  async #report({ connection, server }: CurrentServer): Promise<void> {
    const { clock, onReport, requester, results, startMs } = this.#context;
    const { id } = this.#phone;
    const position = this.#phone.positionAt(clock.elapsedMs() - startMs);
    const time = this.#phone.timeAt(clock.now());
    results.reports += 1;
    const request = { server, id, position, time };
    const line = await requester.report(connection, request);
    if (line !== undefined) onReport(server, id, line);
  }

  async #query(
    { connection, server }: CurrentServer,
    { about, bound, radiusKm }: Action & { kind: "query" },
  ): Promise<void> {
    const { phones, requester, results } = this.#context;
    results.queries += 1;
    const { id } = phones[about];
    await requester.query(connection, { server, id, radiusKm, bound });
  }

  async #connect(): Promise<CurrentServer | undefined> {
    const { ending, servers } = this.#context;
    const { roaming } = this.#phone;
    for (let attempt = 0; attempt < servers.names.length; attempt++) {
      const server = servers.pick(roaming, this.#lastServer);
      if (server === undefined) return undefined;
      const connection = await servers.connect(server, ending);
      if (connection === undefined) continue;
      this.#lastServer = server;
      return { server, connection };
    }
  }

  /** A request was not answered, because its connection ended. */
  #onLost(current: CurrentServer): void {
    const { expectations, results } = this.#context;
    results.unanswered += 1;
    expectations.forgetServer(current.server);
    if (this.#current !== current) return;
    this.#current = undefined;
    results.moved += 1;
  }

  /** Closes the connection after the last answer, or at the deadline. */
  async #disconnect(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    const { connection } = current;
    await withDeadline(connection, this.#context.clock, connection.close());
  }
}
