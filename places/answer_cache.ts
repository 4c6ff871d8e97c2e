/**
 * Answers that are kept for a while, so that nobody is asked again.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import { keptAnswerOverheadBytes } from "./limits.ts";
import type { Body } from "./trim.ts";

interface CachedAnswer {
  readonly body: Body;
  /** By the clock's elapsed time. */
  readonly untilMs: number;
}

/** The answers of the last so many seconds, in so many bytes. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #maxBytes: number;
  /** All are kept for the same time: the first in is the first to go. */
  readonly #kept = new Map<string, CachedAnswer>();
  #sizeBytes = 0;

  /** @param ttlSeconds For how long; 0 to keep nothing. */
  constructor(clock: Clock, ttlSeconds: number, maxBytes: number) {
    this.#clock = clock;
    this.#ttlMs = ttlSeconds * 1000;
    this.#maxBytes = maxBytes;
  }

  get(key: string): Body | undefined {
    this.#dropExpired();
    return this.#kept.get(key)?.body;
  }

  set(key: string, body: Body): void {
    if (this.#ttlMs === 0) return;
    this.#drop(key);
    const untilMs = this.#clock.elapsedMs() + this.#ttlMs;
    this.#kept.set(key, { body, untilMs });
    this.#sizeBytes += sizeOf(body);
    for (const oldest of this.#kept.keys()) {
      if (this.#sizeBytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #dropExpired(): void {
    const nowMs = this.#clock.elapsedMs();
    for (const [key, { untilMs }] of this.#kept) {
      if (untilMs > nowMs) break;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#sizeBytes -= sizeOf(kept.body);
  }
}

function sizeOf(body: Body): number {
  return body.text.length + keptAnswerOverheadBytes;
}
