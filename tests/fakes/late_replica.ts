/**
 * A replica that answers late, out of order, and fails with a given
 * probability.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Report } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type {
  ForgetRefusal,
  Forgotten,
  Found,
  Page,
  PutRefusal,
} from "../../replica/replica.ts";
import type { Settling } from "../../replica/settling.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";
import { MemoryReplica } from "./memory_replica.ts";

/** The longest delay of an answer, in milliseconds. */
export const maxLateMs = 20;

/** What a late replica needs. */
export interface LateReplicaOptions {
  readonly clock: Clock;
  /** The source of all delays and failures. */
  readonly random: Random;
  /** The probability of a failure, 0 to 1; by default 0. */
  readonly failures?: number;
}

/** Answers nothing except `status` before the clock moves. */
export class LateReplica extends MemoryReplica {
  /** Clients whose last report is not confirmed yet. */
  readonly unsettled = new Set<ByteString>();
  readonly #options: LateReplicaOptions;
  #pending = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: LateReplicaOptions) {
    super();
    this.#options = options;
  }

  /** How often something has failed. */
  failed = 0;

  override put(
    report: Report,
    settling: Settling,
  ): PutRefusal | undefined {
    const refusal = super.put(report, settling);
    if (refusal !== undefined) return refusal;
    const { client } = report;
    this.unsettled.add(client);
    settling.begin();
    this.#later(() => {
      this.unsettled.delete(client);
      settling.settle();
    }, () => settling.fail("the report was not stored"));
    return undefined;
  }

  override find(client: ByteString): Promise<Found> {
    return this.#answer(super.find(client));
  }

  override findRecord(client: ByteString): Promise<Found> {
    return this.#answer(super.findRecord(client));
  }

  override select(
    pattern: ByteString,
    limit: number,
    cursor?: string,
  ): Promise<Page> {
    return this.#answer(super.select(pattern, limit, cursor));
  }

  override forget(
    client: ByteString,
    until?: Timestamp,
  ): Promise<Forgotten | ForgetRefusal> {
    return this.#answer(super.forget(client, until));
  }

  override load(reports: Iterable<Report>): Promise<void> {
    return this.#answer(super.load(reports));
  }

  override async start(): Promise<void> {
    await this.#answer(undefined);
    await super.start();
  }

  /** Resolves when nothing is pending. */
  override async stop(clientsGone: Promise<unknown>): Promise<void> {
    await super.stop(clientsGone);
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => this.#onIdle = resolve);
  }

  #answer<Answer>(answer: Answer | Promise<Answer>): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) =>
      this.#later(
        () => resolve(answer),
        () => reject(new Error("the replica does not answer")),
      )
    );
  }

  #later(succeed: () => void, fail: () => void): void {
    const { clock, failures = 0, random } = this.#options;
    this.#pending += 1;
    clock.after(random.between(0, maxLateMs), () => {
      const isFailure = random.chance(failures);
      if (isFailure) this.failed += 1;
      if (isFailure) fail();
      else succeed();
      this.#pending -= 1;
      if (this.#pending === 0) this.#onIdle?.();
    });
  }
}
