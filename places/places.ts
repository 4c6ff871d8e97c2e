/**
 * Answers queries for places near a position. Equal queries share one request,
 * and answers are cut to the bound. If the provider gives no usable answer, the
 * status is UNKNOWN_ERROR.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EmitEvent } from "../runtime/events.ts";
import { unknownError } from "./answer.ts";
import { AnswerCache } from "./answer_cache.ts";
import type { Budget } from "./budget.ts";
import { maxKeptAnswerBytes } from "./limits.ts";
import type {
  LocalProvider,
  PlacesProvider,
  PlacesQuery,
  RemoteProvider,
} from "./provider.ts";
import { RequestCounts, statusOfPrinted } from "./request_counts.ts";
import { Requests } from "./requests.ts";
import { SharedAnswers } from "./shared_answers.ts";

/** What `Places` needs. */
export interface PlacesOptions {
  readonly provider: PlacesProvider;
  readonly clock: Clock;
  /** How long an answer is cached, in seconds; 0 disables the cache. */
  readonly ttlSeconds: number;
  /** A limit on requests per day, if there is one. */
  readonly budget?: Budget;
  /** Receives the events about requests. No text contains a key. */
  readonly emit: EmitEvent;
}

/** The places service that sessions use. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #source: Local | Remote;
  readonly #counts = new RequestCounts();
  #isStopped = false;

  constructor(options: PlacesOptions) {
    const { provider } = options;
    this.#options = options;
    this.#source = provider.isRemote
      ? new Remote({ ...options, counts: this.#counts }, provider)
      : new Local(provider, this.#counts);
  }

  /** The name of the provider in use. */
  get providerName(): string {
    return this.#options.provider.name;
  }

  /** Requests to the provider, counted by their outcome. */
  get requests(): ReturnType<RequestCounts["read"]> {
    return this.#counts.read();
  }

  /**
   * The answer to a query: JSON text in Google's shape with at most `bound`
   * results, without empty lines or a final newline. Never rejects.
   */
  async nearby(query: PlacesQuery): Promise<ByteString> {
    try {
      return await this.#source.nearby(query);
    } catch (error) {
      if (!this.#isStopped) {
        const { emit, provider } = this.#options;
        emit("warning", "server", "places failed", {
          provider: provider.name,
          message: error instanceof Error ? error.message : String(error),
        });
      }
      return unknownError;
    }
  }

  /** Cancels pending requests, and makes no more. */
  stop(): void {
    this.#isStopped = true;
    if (this.#source instanceof Remote) this.#source.stop();
  }
}

/** A local provider whose answers are counted. */
class Local {
  readonly #provider: LocalProvider;
  readonly #counts: RequestCounts;

  constructor(provider: LocalProvider, counts: RequestCounts) {
    this.#provider = provider;
    this.#counts = counts;
  }

  nearby(query: PlacesQuery): ByteString {
    const body = this.#provider.nearby(query);
    this.#counts.addStatus(statusOfPrinted(body));
    return body;
  }
}

/** A remote provider with limits, retries and shared answers. */
class Remote {
  readonly #provider: RemoteProvider;
  readonly #requests: Requests;
  readonly #answers: SharedAnswers;

  constructor(
    options: PlacesOptions & { readonly counts: RequestCounts },
    provider: RemoteProvider,
  ) {
    this.#provider = provider;
    this.#requests = new Requests({ ...options, provider });
    this.#answers = new SharedAnswers(
      (search) => this.#requests.request(search),
      new AnswerCache(options.clock, options.ttlSeconds, maxKeptAnswerBytes),
    );
  }

  async nearby(query: PlacesQuery): Promise<ByteString> {
    const { emptyAnswer } = this.#provider;
    if (query.bound === 0 && emptyAnswer !== undefined) return emptyAnswer;
    const body = await this.#answers.get(query);
    return body.cut(query.bound);
  }

  stop(): void {
    this.#requests.stop();
  }
}
