/**
 * Gets an answer out of a remote provider, or gives up: each question ends at
 * a deadline, at most so many requests are under way, what may pass is tried
 * again, and no request is made that the budget does not have.
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

/** What requests need. */
export interface RequestsOptions {
  readonly provider: RemoteProvider;
  readonly clock: Clock;
  /** A ceiling on requests a day, if there is one. */
  readonly budget?: Budget;
  readonly counts: RequestCounts;
  readonly emit: EmitEvent;
}

/** Why nothing is answered any more. */
const stopping = new PlacesError("stopping");

/** The requests to one provider. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #semaphore = new FairSemaphore(maxRequestsInFlight);
  // `AbortSignal.any` would do without, but keeps every signal of a question
  // alive as long as the one that ends them all (Deno 2.9.6).
  readonly #underWay = new Set<AbortController>();
  #isStopped = false;
  #providerName: string;
  /** The day's end that was told last. */
  #emittedOpensAt = "";

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#providerName = options.provider.name;
  }

  /**
   * The provider's answer, whole and well formed.
   *
   * @throws {PlacesError} If there is none by the deadline.
   * @throws {BodyError} If the provider's answer is none.
   */
  async request(search: PlacesSearch): Promise<Body> {
    const end = new AbortController();
    // The deadline counts from the question: waiting for a turn is part of it.
    const cancel = this.#options.clock.after(answerDeadlineMs, () => {
      end.abort(new PlacesError(`no answer within ${answerDeadlineMs} ms`));
    });
    this.#underWay.add(end);
    if (this.#isStopped) end.abort(stopping);
    try {
      return await this.#requestWithRetries(search, end.signal);
    } finally {
      cancel();
      this.#underWay.delete(end);
    }
  }

  /** Gives up what is under way, and whatever is asked from then on. */
  stop(): void {
    this.#isStopped = true;
    for (const end of this.#underWay) end.abort(stopping);
  }

  /** Asks until there is an answer, or another attempt would be no use. */
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

  /** Makes one request, when it is this question's turn. */
  #attempt(
    search: PlacesSearch,
    signal: AbortSignal,
  ): Promise<Body | PlacesError> {
    const { counts } = this.#options;
    return this.#semaphore.run(signal, async () => {
      if (!this.#mayRequest()) {
        counts.add("BUDGET_SPENT");
        return this.#refuse();
      }
      try {
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
        this.#emitChange();
      }
    });
  }

  #mayRequest(): boolean {
    const { budget } = this.#options;
    return budget === undefined || budget.spend();
  }

  /** The answer of who may ask no more today. */
  #refuse(): Body {
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

  /** Tells once if the provider has turned to another service. */
  #emitChange(): void {
    const { emit, provider: { name } } = this.#options;
    if (name === this.#providerName) return;
    emit("info", "server", "places changed", {
      from: this.#providerName,
      to: name,
    });
    this.#providerName = name;
  }
}

/** A provider that does not listen to its signal keeps nobody waiting. */
function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
