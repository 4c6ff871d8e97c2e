/**
 * Answers what is near a position, whatever the provider does: equal questions
 * share one request, at most so many are under way, each ends at a deadline,
 * and where no usable answer comes there is one that says so.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Clock } from "../runtime/clock.ts";
import { unknownError } from "./answer.ts";
import { answerDeadlineMs, maxRequestsInFlight } from "./limits.ts";
import type { PlacesProvider, PlacesQuestion } from "./provider.ts";
import { trimBody } from "./trim.ts";

/** What the places need. */
export interface PlacesOptions {
  readonly provider: PlacesProvider;
  readonly clock: Clock;
  /** Told when a question got no usable answer. The text holds no secret. */
  readonly onFault: (message: string) => void;
}

/** The places as sessions see them. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #inFlight = new Map<string, Promise<ByteString>>();
  readonly #queue: (() => void)[] = [];
  readonly #underWay = new Set<(why: string) => void>();
  #requests = 0;
  #isStopped = false;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /**
   * The answer to a question: JSON text of Google's shape with at most `bound`
   * results, without empty lines or newlines at its end. Never rejects.
   */
  async nearby(question: PlacesQuestion): Promise<ByteString> {
    try {
      const body = await this.#share(question);
      return this.#options.provider.keepsBound
        ? body
        : trimBody(body, question.bound);
    } catch (error) {
      if (!this.#isStopped) {
        const { message } = error instanceof Error ? error : new Error("?");
        this.#options.onFault(message);
      }
      return unknownError;
    }
  }

  /** Gives up what is under way, and answers nothing from then on. */
  stop(): void {
    this.#isStopped = true;
    for (const giveUp of this.#underWay) giveUp("stopping");
  }

  /** One request for all who ask the same while it is under way. */
  #share(question: PlacesQuestion): Promise<ByteString> {
    const key = keyOf(question, this.#options.provider);
    let answer = this.#inFlight.get(key);
    if (answer === undefined) {
      answer = this.#ask(question)
        .finally(() => this.#inFlight.delete(key));
      this.#inFlight.set(key, answer);
    }
    return answer;
  }

  async #ask(question: PlacesQuestion): Promise<ByteString> {
    const { clock, provider } = this.#options;
    const end = new AbortController();
    const givenUp = Promise.withResolvers<never>();
    const giveUp = (why: string) => {
      end.abort();
      givenUp.reject(new Error(why));
    };
    // The deadline counts from the question: waiting for a turn is part of it.
    const cancel = clock.after(
      answerDeadlineMs,
      () => giveUp(`no answer within ${answerDeadlineMs} ms`),
    );
    this.#underWay.add(giveUp);
    if (this.#isStopped) giveUp("stopping");
    try {
      return await Promise.race([
        this.#takeTurn(
          end.signal,
          () => provider.nearby(question, end.signal),
        ),
        givenUp.promise,
      ]);
    } finally {
      cancel();
      this.#underWay.delete(giveUp);
    }
  }

  async #takeTurn(
    signal: AbortSignal,
    request: () => Promise<ByteString>,
  ): Promise<ByteString> {
    if (this.#requests >= maxRequestsInFlight) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#requests += 1;
    }
    try {
      signal.throwIfAborted();
      return await request();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#requests -= 1;
      else next();
    }
  }
}

function keyOf(question: PlacesQuestion, provider: PlacesProvider): string {
  const { bound, position, radiusMetres } = question;
  const place = `${position.latitude} ${position.longitude} ${radiusMetres}`;
  return provider.keepsBound ? `${place} ${bound}` : place;
}
