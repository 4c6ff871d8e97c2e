/**
 * Makes requests to a remote provider: with a deadline for each query, a limit
 * on concurrent requests, retries after temporary errors, and a daily budget.
 *
 * @module
 */
import { type Clock, sleep } from "../runtime/clock.ts";
import type { EmitEvent } from "../runtime/events.ts";
import { FairSemaphore } from "../runtime/semaphore.ts";
import { formatRefusal } from "./answer.ts";
import type { Budget } from "./budget.ts";
import {
  answerDeadlineMs,
  firstRetryMs,
  maxAttempts,
  maxRequestsInFlight,
} from "./limits.ts";
import {
  PlacesError,
  type PlacesSearch,
  type RemoteProvider,
} from "./provider.ts";
import type { RequestCounts } from "./request_counts.ts";
import { Body } from "./trim.ts";

/** What `Requests` needs. */
export interface RequestsOptions {
  readonly provider: RemoteProvider;
  readonly clock: Clock;
  /** A limit on requests per day, if there is one. */
  readonly budget?: Budget;
  readonly counts: RequestCounts;
  readonly emit: EmitEvent;
}

/** The error of all requests after `stop()`. */
const stopping = new PlacesError("stopping");

/** Makes the requests to one provider. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #semaphore = new FairSemaphore(maxRequestsInFlight);
  // `AbortSignal.any` would need no such set, but keeps the signal of every
  // query in memory as long as the one that ends them all (Deno 2.9.6).
  readonly #underWay = new Set<AbortController>();
  #isStopped = false;
  #providerName: string;
  /** The end of the last day on which `places budget spent` was emitted. */
  #emittedOpensAt = "";

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#providerName = options.provider.name;
  }

  /**
   * The provider's answer, after it was parsed successfully.
   *
   * @throws {PlacesError} If there is no answer by the deadline.
   * @throws {BodyError} If the provider's answer has the wrong shape.
   */
  async request(search: PlacesSearch): Promise<Body> {
    const controller = new AbortController();
    // The deadline includes the time spent waiting for the semaphore.
    const cancel = this.#options.clock.after(answerDeadlineMs, () => {
      controller.abort(
        new PlacesError(`no answer within ${answerDeadlineMs} ms`),
      );
    });
    this.#underWay.add(controller);
    if (this.#isStopped) controller.abort(stopping);
    try {
      return await this.#requestWithRetries(search, controller.signal);
    } finally {
      cancel();
      this.#underWay.delete(controller);
    }
  }

  /** Aborts pending requests, and rejects all later ones. */
  stop(): void {
    this.#isStopped = true;
    for (const controller of this.#underWay) controller.abort(stopping);
  }

  /** Makes attempts until one succeeds or a retry would not help. */
  async #requestWithRetries(
    search: PlacesSearch,
    signal: AbortSignal,
  ): Promise<Body> {
    const { clock, emit, provider } = this.#options;
    for (let attempt = 1;; attempt++) {
      const outcome = await this.#attempt(search, signal);
      const isLast = attempt === maxAttempts;
      if (outcome instanceof Body) {
        if (isLast || outcome.status !== "UNKNOWN_ERROR") return outcome;
      } else if (isLast || !outcome.mayPass) {
        throw outcome;
      }
      const delayMs = firstRetryMs * 2 ** (attempt - 1) *
        (1 - clock.random() / 2);
      emit("info", "server", "places retrying", {
        provider: provider.name,
        message: outcome instanceof Body ? outcome.status : outcome.message,
        delayMs: Math.round(delayMs),
      });
      await sleep(clock, delayMs, signal);
    }
  }

  /** Makes one request, as soon as the semaphore permits. */
  #attempt(
    search: PlacesSearch,
    signal: AbortSignal,
  ): Promise<Body | PlacesError> {
    const { counts } = this.#options;
    return this.#semaphore.run(signal, async () => {
      const { budget } = this.#options;
      if (budget !== undefined && !budget.spend()) {
        counts.add("BUDGET_SPENT");
        return this.#refuseOverBudget();
      }
      try {
        if (budget !== undefined) {
          await Promise.race([budget.save(), rejectWhenAborted(signal)]);
        }
        const text = await Promise.race([
          this.#options.provider.nearby(search, signal),
          rejectWhenAborted(signal),
        ]);
        const body = new Body(text);
        counts.addStatus(body.status);
        return body;
      } catch (error) {
        counts.add("NO_ANSWER");
        if (error instanceof PlacesError) return error;
        throw error;
      } finally {
        this.#emitIfChanged();
      }
    });
  }

  /** The answer when today's budget is spent. */
  #refuseOverBudget(): Body {
    const { opensAt, requestsPerDay } = this.#options.budget!;
    if (this.#emittedOpensAt !== opensAt) {
      this.#emittedOpensAt = opensAt;
      this.#options.emit("warning", "server", "places budget spent", {
        requestsPerDay,
        opensAt,
      });
    }
    return new Body(formatRefusal(
      "OVER_QUERY_LIMIT",
      `This server's budget of ${requestsPerDay} requests a day is spent; ` +
        `it opens again at ${opensAt}.`,
    ));
  }

  /** Emits an event if the provider has switched to another service. */
  #emitIfChanged(): void {
    const { emit, provider: { name } } = this.#options;
    if (name === this.#providerName) return;
    emit("info", "server", "places changed", {
      from: this.#providerName,
      to: name,
    });
    this.#providerName = name;
  }
}

/** Ends the wait for a provider that ignores its signal. */
function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
