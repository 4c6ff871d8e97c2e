/**
 * Answers what is near a position, whatever the provider does: equal questions
 * share one request, answers are cut to the bound, and where no usable one
 * comes there is one that says so.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Tell } from "../runtime/tell.ts";
import { unknownError } from "./answer.ts";
import { AnswerCache } from "./answer_cache.ts";
import type { Budget } from "./budget.ts";
import { maxKeptAnswerBytes } from "./limits.ts";
import {
  PlacesError,
  type PlacesProvider,
  type PlacesQuestion,
  type RemoteProvider,
} from "./provider.ts";
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
  readonly tell: Tell;
}

/** The places as sessions see them. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #answer: (question: PlacesQuestion) => Promise<ByteString>;
  readonly #end = new AbortController();

  constructor(options: PlacesOptions) {
    const { provider } = options;
    this.#options = options;
    this.#answer = provider.isRemote
      ? answerRemotely(options, provider, this.#end.signal)
      : (question) => Promise.resolve(provider.nearby(question));
  }

  /**
   * The answer to a question: JSON text of Google's shape with at most `bound`
   * results, without empty lines or newlines at its end. Never rejects.
   */
  async nearby(question: PlacesQuestion): Promise<ByteString> {
    try {
      return await this.#answer(question);
    } catch (error) {
      if (!this.#end.signal.aborted) {
        const { provider, tell } = this.#options;
        tell("warning", "server", "places failed", {
          provider: provider.name,
          message: error instanceof Error ? error.message : String(error),
        });
      }
      return unknownError;
    }
  }

  /** Gives up what is under way, and asks nobody from then on. */
  stop(): void {
    this.#end.abort(new PlacesError("stopping"));
  }
}

function answerRemotely(
  options: PlacesOptions,
  provider: RemoteProvider,
  end: AbortSignal,
): (question: PlacesQuestion) => Promise<ByteString> {
  const { clock, ttlSeconds } = options;
  const requests = new Requests({ ...options, provider, end });
  const answers = new SharedAnswers(
    (search) => requests.ask(search),
    new AnswerCache(clock, ttlSeconds, maxKeptAnswerBytes),
  );
  return async (question) => {
    const { bound } = question;
    if (bound === 0 && provider.emptyAnswer !== undefined) {
      return provider.emptyAnswer;
    }
    const body = await answers.get(question);
    return body.cut(bound);
  };
}
