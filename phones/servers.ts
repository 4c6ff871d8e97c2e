/**
 * The servers as phones see them: connections to them, and which ones are not
 * worth a try for the moment.
 *
 * @module
 */
import type {
  At,
  NearbyAnswer,
  NearbyQuery,
  PositionReport,
} from "../client/types.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";

/** What phones need of a connection: a `HerdClient` is one. */
export interface Connection {
  report(update: PositionReport): Promise<At>;
  nearby(question: NearbyQuery): Promise<NearbyAnswer>;
  /** Says that no more comes, and closes when all is answered. */
  close(): Promise<void>;
  /** Closes at once. */
  abort(): void;
}

/** Connects to a server; rejects if that cannot be. */
export type ConnectTo = (server: string) => Promise<Connection>;

/** Whoever asks has an answer within this time, in milliseconds. */
const answerDeadlineMs = 10_000;

/** The answer; if it takes too long, the connection ends instead. */
export async function inTime<Answer>(
  connection: Connection,
  clock: Clock,
  answer: Promise<Answer>,
): Promise<Answer> {
  const cancel = clock.after(answerDeadlineMs, () => connection.abort());
  try {
    return await answer;
  } finally {
    cancel();
  }
}

/** A server that could not be reached is tried again after this time. */
const retryMs = 1_000;

/** All servers of a herd. */
export class Servers {
  readonly names: readonly string[];
  /** Connections that could not be made. */
  failures = 0;
  /** Why not, the last time. */
  lastFailure = "";
  readonly #connect: ConnectTo;
  readonly #clock: Clock;
  /** Until when a server is left alone, in milliseconds. */
  readonly #avoidedUntilMs = new Map<string, number>();

  constructor(names: readonly string[], connect: ConnectTo, clock: Clock) {
    this.names = names;
    this.#connect = connect;
    this.#clock = clock;
  }

  /** One that seems to be there, another than this one if there are several. */
  pick(random: Random, except?: string): string | undefined {
    const nowMs = this.#clock.elapsedMs();
    const present = this.names.filter((name) =>
      (this.#avoidedUntilMs.get(name) ?? -Infinity) <= nowMs
    );
    const others = present.filter((name) => name !== except);
    const names = others.length > 0 ? others : present;
    return names.length > 0 ? random.pick(names) : undefined;
  }

  /** A connection; undefined if there is none to be had. */
  async connect(name: string): Promise<Connection | undefined> {
    try {
      return await this.#connect(name);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.lastFailure = `${name}: ${why}`;
      this.failures += 1;
      this.#avoidedUntilMs.set(name, this.#clock.elapsedMs() + retryMs);
    }
  }
}
