/**
 * The time of day of a machine in a simulation. It may be wrong, step and drift.
 *
 * @module
 */
import type { VirtualTime } from "./virtual_clock.ts";

/** How a clock goes from one moment on. */
interface Course {
  readonly fromMs: number;
  /** How far it is ahead then, in milliseconds. */
  readonly aheadMs: number;
  /** By how much it is further ahead after each second, in milliseconds. */
  readonly driftMs: number;
}

/** The clock of one machine. */
export class HostClock {
  readonly #time: VirtualTime;
  readonly #courses: Course[];

  /** @param skewMs How far it is ahead when it is right. */
  constructor(time: VirtualTime, readonly skewMs: number) {
    this.#time = time;
    this.#courses = [{ fromMs: -Infinity, aheadMs: skewMs, driftMs: 0 }];
  }

  /** How far it is ahead, in milliseconds. */
  get aheadMs(): number {
    return aheadAt(this.#courses.at(-1)!, this.#time.elapsedMs);
  }

  /** Sets it. */
  set(aheadMs: number, driftMs: number): void {
    this.#courses.push({ fromMs: this.#time.elapsedMs, aheadMs, driftMs });
  }

  /** The least and the most that it was ahead since some time ago. */
  rangeSince(sinceMs: number): readonly [least: number, most: number] {
    const nowMs = this.#time.elapsedMs;
    const values = this.#courses.flatMap((course, index) => {
      const endMs = this.#courses[index + 1]?.fromMs ?? nowMs;
      return endMs < sinceMs ? [] : [
        aheadAt(course, Math.max(course.fromMs, sinceMs)),
        aheadAt(course, endMs),
      ];
    });
    return [Math.min(...values), Math.max(...values)];
  }
}

function aheadAt({ aheadMs, driftMs, fromMs }: Course, atMs: number): number {
  return driftMs === 0 ? aheadMs : aheadMs + (atMs - fromMs) / 1_000 * driftMs;
}
