/**
 * The life of one phone: it connects, reports, asks, and roams, until it is
 * told to end.
 *
 * @module
 */
import { DisconnectedError } from "../client/types.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Ledger } from "./expectations.ts";
import type { Act, Phone } from "./phone.ts";
import type { Asker } from "./requester.ts";
import type { Tally } from "./results.ts";
import { type Connection, inTime, type Servers } from "./servers.ts";

/** What all phones of a run share. */
export interface World {
  readonly phones: readonly Phone[];
  readonly servers: Servers;
  readonly asker: Asker;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly clock: Clock;
  /** When the run began, by `clock.elapsedMs()`. */
  readonly startMs: number;
  /** Aborts when phones shall end. */
  readonly end: AbortSignal;
  /** Told of each report that was answered rightly. */
  readonly onReport: (server: string, id: string, line: string) => void;
}

/** Where a phone is connected. */
interface Post {
  readonly server: string;
  readonly connection: Connection;
}

/** Lives until the end; resolves when all that was asked is answered. */
export async function live(phone: Phone, world: World): Promise<void> {
  await new Life(phone, world).run();
}

class Life {
  readonly #phone: Phone;
  readonly #world: World;
  #post: Post | undefined;
  /** Where it was connected the last time. */
  #lastServer: string | undefined;

  constructor(phone: Phone, world: World) {
    this.#phone = phone;
    this.#world = world;
  }

  async run(): Promise<void> {
    const { clock, end, startMs } = this.#world;
    while (!end.aborted) {
      const act = this.#phone.next();
      const waitMs = startMs + act.atMs - clock.elapsedMs();
      await sleep(clock, Math.max(waitMs, 0), end);
      if (end.aborted) break;
      await this.#do(act);
    }
    await this.#leave();
  }

  async #do(act: Act): Promise<void> {
    if (act.kind === "roam") {
      if (this.#post === undefined) return;
      this.#world.tally.roamed += 1;
      return await this.#leave();
    }
    this.#post ??= await this.#connect();
    const post = this.#post;
    if (post === undefined) return;
    const request = act.kind === "report"
      ? this.#report(post)
      : this.#ask(post, act);
    // It overlaps with what comes next; leaving waits for all answers.
    request.catch((error) => {
      if (!(error instanceof DisconnectedError)) throw error;
      this.#lost(post);
    });
  }

  async #report({ connection, server }: Post): Promise<void> {
    const { asker, clock, onReport, startMs, tally } = this.#world;
    const { id } = this.#phone;
    const position = this.#phone.positionAt(clock.elapsedMs() - startMs);
    const time = this.#phone.timeAt(clock.now());
    tally.reports += 1;
    const asked = { server, id, position, time };
    const line = await asker.report(connection, asked);
    if (line !== undefined) onReport(server, id, line);
  }

  async #ask(
    { connection, server }: Post,
    { about, bound, radiusKm }: Act & { kind: "ask" },
  ): Promise<void> {
    const { asker, phones, tally } = this.#world;
    tally.questions += 1;
    const { id } = phones[about];
    await asker.ask(connection, { server, id, radiusKm, bound });
  }

  async #connect(): Promise<Post | undefined> {
    const { servers } = this.#world;
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
  #lost(post: Post): void {
    const { ledger, tally } = this.#world;
    tally.unanswered += 1;
    ledger.forget(post.server);
    if (this.#post !== post) return;
    this.#post = undefined;
    tally.moved += 1;
  }

  /** Ends the connection when all is answered, or it has lasted too long. */
  async #leave(): Promise<void> {
    const post = this.#post;
    if (post === undefined) return;
    this.#post = undefined;
    const { connection } = post;
    await inTime(connection, this.#world.clock, connection.close());
  }
}
