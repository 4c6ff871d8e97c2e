/**
 * Shares one answer among equal searches: while the request is pending, and
 * afterwards as long as it is cached. A search has no bound, so queries that
 * differ only in the bound share an answer too.
 *
 * @module
 */
import type { AnswerCache } from "./answer_cache.ts";
import { maxSharedSearchLength } from "./limits.ts";
import type { PlacesSearch } from "./provider.ts";
import type { Body } from "./trim.ts";

/** Shares answers among equal searches. */
export class SharedAnswers {
  readonly #request: (search: PlacesSearch) => Promise<Body>;
  readonly #cache: AnswerCache;
  readonly #pending = new Map<string, Promise<Body>>();

  /** @param request Requests an answer from the provider. */
  constructor(
    request: (search: PlacesSearch) => Promise<Body>,
    cache: AnswerCache,
  ) {
    this.#request = request;
    this.#cache = cache;
  }

  /** The answer to a search. Rejects as `request` does. */
  async get(search: PlacesSearch): Promise<Body> {
    const key = keyOf(search);
    if (key.length > maxSharedSearchLength) return await this.#request(search);
    return this.#cache.get(key) ?? await this.#share(key, search);
  }

  #share(key: string, search: PlacesSearch): Promise<Body> {
    let answer = this.#pending.get(key);
    if (answer === undefined) {
      answer = this.#requestAndCache(key, search)
        .finally(() => this.#pending.delete(key));
      this.#pending.set(key, answer);
    }
    return answer;
  }

  async #requestAndCache(key: string, search: PlacesSearch): Promise<Body> {
    const body = await this.#request(search);
    // A refusal may be temporary.
    if (body.status === "OK" || body.status === "ZERO_RESULTS") {
      this.#cache.set(key, body);
    }
    return body;
  }
}

function keyOf({ position, radiusMetres }: PlacesSearch): string {
  return `${position.latitude} ${position.longitude} ${radiusMetres}`;
}
