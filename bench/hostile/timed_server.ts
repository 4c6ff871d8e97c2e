/**
 * The program `server.ts` with a timer beside it: `timed_server.ts NAME [flags]`.
 * The first SIGUSR2 starts a timer of 5 ms, which is set again whenever it has
 * fired. The second one prints as JSON how late it was. The server is not
 * changed: whatever makes the timer late makes its clients wait.
 *
 * @module
 */
import { runProgram } from "../../cli/exit.ts";
import { serve } from "../../server.ts";
import { nearestRank, readWaitedMs } from "./lateness.ts";

/** How late the timer was, in milliseconds. */
export interface TimerReport {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p999Ms: number;
  readonly mostMs: number;
  /**
   * The same without the time in which the server was ready to run but waited
   * for a core, as other programs used it.
   */
  readonly ownP999Ms: number;
  readonly ownMostMs: number;
}

/** How long the timer is set for, in milliseconds. */
const everyMs = 5;

/** Ten minutes of samples. */
const maxSamples = 120_000;

class TimerSampler {
  readonly #lateMs = new Float64Array(maxSamples);
  readonly #ownLateMs = new Float64Array(maxSamples);
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts the timer. */
  start(): void {
    const waitedMs = readWaitedMs();
    const dueMs = performance.now() + everyMs;
    this.#timer = setTimeout(() => {
      const lateMs = Math.max(0, performance.now() - dueMs);
      this.#add(lateMs, Math.max(0, lateMs - (readWaitedMs() - waitedMs)));
      this.start();
    }, everyMs);
  }

  /** Stops the timer, and returns how late it was. */
  stop(): TimerReport {
    clearTimeout(this.#timer);
    const late = this.#lateMs.subarray(0, this.#count).sort();
    const own = this.#ownLateMs.subarray(0, this.#count).sort();
    return {
      samples: this.#count,
      p50Ms: nearestRank(late, 0.5),
      p999Ms: nearestRank(late, 0.999),
      mostMs: nearestRank(late, 1),
      ownP999Ms: nearestRank(own, 0.999),
      ownMostMs: nearestRank(own, 1),
    };
  }

  #add(lateMs: number, ownLateMs: number): void {
    if (this.#count === maxSamples) return;
    this.#lateMs[this.#count] = lateMs;
    this.#ownLateMs[this.#count] = ownLateMs;
    this.#count += 1;
  }
}

if (import.meta.main) {
  let sampler: TimerSampler | undefined;
  Deno.addSignalListener("SIGUSR2", () => {
    if (sampler === undefined) {
      sampler = new TimerSampler();
      sampler.start();
    } else {
      console.log(JSON.stringify(sampler.stop()));
    }
  });
  await runProgram("timed_server.ts", () => serve(Deno.args));
}
