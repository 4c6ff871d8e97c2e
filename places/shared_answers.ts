/**
 * One answer for all who ask the same: while it is under way, and for a while
 * after, if answers are to be kept. The bound is no part of a search, so that
 * who wants five and who wants twenty share it too.
 *
 * @module
 */
import type { AnswerCache } from "./answer_cache.ts";
import { maxSharedSearchLength } from "./limits.ts";
import type { PlacesSearch } from "./provider.ts";
import type { Body } from "./trim.ts";

/** Answers that are shared. */
export class SharedAnswers {
  readonly #request: (search: PlacesSearch) => Promise<Body>;
  readonly #cache: AnswerCache;
  readonly #underWay = new Map<string, Promise<Body>>();

  /** @param request How to get an answer. */
  constructor(
    request: (search: PlacesSearch) => Promise<Body>,
    cache: AnswerCache,
  ) {
    this.#request = request;
    this.#cache = cache;
  }

  /** The answer to a search: rejects as asking does. */
  async get(search: PlacesSearch): Promise<Body> {
    const key = keyOf(search);
    if (key.length > maxSharedSearchLength) return await this.#request(search);
    return this.#cache.get(key) ?? await this.#share(key, search);
  }

  #share(key: string, search: PlacesSearch): Promise<Body> {
    let answer = this.#underWay.get(key);
    if (answer === undefined) {
      answer = this.#requestAndCache(key, search)
        .finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, answer);
    }
    return answer;
  }

  async #requestAndCache(key: string, search: PlacesSearch): Promise<Body> {
    const body = await this.#request(search);
    // A refusal may be another one in a moment.
    if (body.status === "OK" || body.status === "ZERO_RESULTS") {
      this.#cache.set(key, body);
    }
    return body;
  }
}

function keyOf({ position, radiusMetres }: PlacesSearch): string {
  return `${position.latitude} ${position.longitude} ${radiusMetres}`;
}
