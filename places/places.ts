/**
 * Answers what is near a position, whatever the provider does: equal questions
 * share one request, answers are cut to the bound, and where no usable one
 * comes there is one that says so.
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
import { RequestCounts, statusOfOwn } from "./request_counts.ts";
import { Requests } from "./requests.ts";
import { SharedAnswers } from "./shared_answers.ts";

/** What the places need. */
export interface PlacesOptions {
  readonly provider: PlacesProvider;
  readonly clock: Clock;
  /** For how long an answer is kept, in seconds; 0 for not at all. */
  readonly ttlSeconds: number;
  /** A ceiling on requests a day, if there is one. */
  readonly budget?: Budget;
  /** Told what goes wrong with requests. No text holds a key. */
  readonly emit: EmitEvent;
}

/** The places as sessions see them. */
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

  /** Who is asked now. */
  get providerName(): string {
    return this.#options.provider.name;
  }

  /** How many requests to the provider came to which end. */
  get requests(): ReturnType<RequestCounts["read"]> {
    return this.#counts.read();
  }

  /**
   * The answer to a question: JSON text of Google's shape with at most `bound`
   * results, without empty lines or newlines at its end. Never rejects.
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

  /** Gives up what is under way, and asks nobody from then on. */
  stop(): void {
    this.#isStopped = true;
    if (this.#source instanceof Remote) this.#source.stop();
  }
}

/** A local provider, with its answers counted. */
class Local {
  readonly #provider: LocalProvider;
  readonly #counts: RequestCounts;

  constructor(provider: LocalProvider, counts: RequestCounts) {
    this.#provider = provider;
    this.#counts = counts;
  }

  nearby(query: PlacesQuery): ByteString {
    const body = this.#provider.nearby(query);
    this.#counts.addStatus(statusOfOwn(body));
    return body;
  }
}

/** What stands between questions and a remote provider. */
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
