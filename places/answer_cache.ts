/**
 * A cache of answers.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import { keptAnswerOverheadBytes } from "./limits.ts";
import type { Body } from "./trim.ts";

interface CachedAnswer {
  readonly body: Body;
  /** When it expires, by the clock's elapsed time. */
  readonly untilMs: number;
}

/** Keeps answers for a fixed time, in at most `maxBytes` bytes. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #maxBytes: number;
  /** In the order of expiry, as all have the same lifetime. */
  readonly #answers = new Map<string, CachedAnswer>();
  #sizeBytes = 0;

  /** @param ttlSeconds Lifetime of an answer; 0 disables the cache. */
  constructor(clock: Clock, ttlSeconds: number, maxBytes: number) {
    this.#clock = clock;
    this.#ttlMs = ttlSeconds * 1000;
    this.#maxBytes = maxBytes;
  }

  get(key: string): Body | undefined {
    this.#evictExpired();
    return this.#answers.get(key)?.body;
  }

  set(key: string, body: Body): void {
    if (this.#ttlMs === 0) return;
    this.#delete(key);
    const untilMs = this.#clock.elapsedMs() + this.#ttlMs;
    this.#answers.set(key, { body, untilMs });
    this.#sizeBytes += sizeOf(body);
    for (const oldest of this.#answers.keys()) {
      if (this.#sizeBytes <= this.#maxBytes) break;
      this.#delete(oldest);
    }
  }

  #evictExpired(): void {
    const nowMs = this.#clock.elapsedMs();
    for (const [key, { untilMs }] of this.#answers) {
      if (untilMs > nowMs) break;
      this.#delete(key);
    }
  }

  #delete(key: string): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#sizeBytes -= sizeOf(answer.body);
  }
}

function sizeOf(body: Body): number {
  return body.text.length + keptAnswerOverheadBytes;
}
