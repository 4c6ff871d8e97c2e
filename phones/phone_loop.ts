/**
 * The life of one phone: it connects, reports, asks, and roams, until it is
 * told to end.
 *
 * @module
 */
import { DisconnectedError } from "../client/types.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Expectations } from "./expectations.ts";
import type { Action, Phone } from "./phone.ts";
import type { Requester } from "./requester.ts";
import type { Results } from "./results.ts";
import { type Connection, inTime, type Servers } from "./servers.ts";

/** What all phones of a run share. */
export interface PhoneContext {
  readonly phones: readonly Phone[];
  readonly servers: Servers;
  readonly requester: Requester;
  readonly expectations: Expectations;
  readonly results: Results;
  readonly clock: Clock;
  /** When the run began, by `clock.elapsedMs()`. */
  readonly startMs: number;
  /** Aborts when phones shall end. */
  readonly end: AbortSignal;
  /** Told of each report that was answered rightly. */
  readonly onReport: (server: string, id: string, line: string) => void;
}

/** Where a phone is connected. */
interface CurrentServer {
  readonly server: string;
  readonly connection: Connection;
}

/** Lives until the end; resolves when all that was asked is answered. */
export async function runPhone(
  phone: Phone,
  context: PhoneContext,
): Promise<void> {
  await new PhoneLoop(phone, context).run();
}

class PhoneLoop {
  readonly #phone: Phone;
  readonly #context: PhoneContext;
  #post: CurrentServer | undefined;
  /** Where it was connected the last time. */
  #lastServer: string | undefined;

  constructor(phone: Phone, context: PhoneContext) {
    this.#phone = phone;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { clock, end, startMs } = this.#context;
    while (!end.aborted) {
      const action = this.#phone.next();
      const waitMs = startMs + action.atMs - clock.elapsedMs();
      await sleep(clock, Math.max(waitMs, 0), end);
      if (end.aborted) break;
      await this.#perform(action);
    }
    await this.#leave();
  }

  async #perform(action: Action): Promise<void> {
    if (action.kind === "roam") {
      if (this.#post === undefined) return;
      this.#context.results.roamed += 1;
      return await this.#leave();
    }
    this.#post ??= await this.#connect();
    const post = this.#post;
    if (post === undefined) return;
    const request = action.kind === "report"
      ? this.#report(post)
      : this.#query(post, action);
    // It overlaps with what comes next; leaving waits for all answers.
    request.catch((error) => {
      if (!(error instanceof DisconnectedError)) throw error;
      this.#onLost(post);
    });
  }

  async #report({ connection, server }: CurrentServer): Promise<void> {
    const { clock, onReport, requester, results, startMs } = this.#context;
    const { id } = this.#phone;
    const position = this.#phone.positionAt(clock.elapsedMs() - startMs);
    const time = this.#phone.timeAt(clock.now());
    results.reports += 1;
    const asked = { server, id, position, time };
    const line = await requester.report(connection, asked);
    if (line !== undefined) onReport(server, id, line);
  }

  async #query(
    { connection, server }: CurrentServer,
    { about, bound, radiusKm }: Action & { kind: "ask" },
  ): Promise<void> {
    const { phones, requester, results } = this.#context;
    results.queries += 1;
    const { id } = phones[about];
    await requester.query(connection, { server, id, radiusKm, bound });
  }

  async #connect(): Promise<CurrentServer | undefined> {
    const { servers } = this.#context;
    const { roaming } = this.#phone;
    for (let attempt = 0; attempt < servers.names.length; attempt++) {
      const server = servers.pick(roaming, this.#lastServer);
      if (server === undefined) return undefined;
      const connection = await servers.connect(server);
      if (connection === undefined) continue;
      this.#lastServer = server;
      return { server, connection };
    }
  }

  /** A request was not answered, as its connection is over. */
  #onLost(post: CurrentServer): void {
    const { expectations, results } = this.#context;
    results.unanswered += 1;
    expectations.forgetServer(post.server);
    if (this.#post !== post) return;
    this.#post = undefined;
    results.moved += 1;
  }

  /** Ends the connection when all is answered, or it has lasted too long. */
  async #leave(): Promise<void> {
    const post = this.#post;
    if (post === undefined) return;
    this.#post = undefined;
    const { connection } = post;
    await inTime(connection, this.#context.clock, connection.close());
  }
}
