/**
 * Detects an operation on a file that does not end: a disk can hang for hours,
 * and its operations cannot be cancelled.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/**
 * An operation on a file that takes longer than this, in milliseconds, counts as
 * a failure until it ends. A working disk can take seconds to make room in its
 * cache. With a longer time, clients would wait for a log on a disk that hangs.
 */
export const operationTimeoutMs = 5_000;

/**
 * The same while files are being closed: a server has to end within the five
 * seconds that `server/run_servers.ts` gives it, and answers its clients first.
 */
export const closingTimeoutMs = 2_000;

/**
 * The time of an operation is counted in whole beats of this length, so it may
 * get one more.
 */
export const timeoutBeatMs = 500;

/** An operation has not ended within its time. */
export class SlowOperationError extends Error {
  override readonly name = "SlowOperationError";

  /** @param task What the operation does, such as `writing to logs/Hill.log`. */
  constructor(task: string, timeoutMs: number) {
    super(`${task} has taken more than ${timeoutMs / 1000} s`);
  }
}

/** The operation that is under way. */
interface Operation {
  readonly task: string;
  readonly sinceMs: number;
  /** After so many beats it has taken too long. */
  beatsLeft: number;
}

/**
 * Watches the operations of one log or data folder, one at a time. Its beats
 * go on from one operation to the next, because a timer for each would take a
 * hundredth of a busy server's time.
 */
export class OperationTimer {
  readonly #clock: Clock;
  readonly #onHang: (error: SlowOperationError) => void;
  #timeoutMs = operationTimeoutMs;
  #operation: Operation | undefined;
  #cancelBeat: (() => void) | undefined;
  #isHanging = false;

  /** @param onHang Called when an operation has taken too long. */
  constructor(clock: Clock, onHang: (error: SlowOperationError) => void) {
    this.#clock = clock;
    this.#onHang = onHang;
  }

  /** Whether an operation has taken too long, and has not ended yet. */
  get isHanging(): boolean {
    return this.#isHanging;
  }

  /** For how long an operation has been under way; 0 if there is none. */
  get elapsedMs(): number {
    return this.#operation === undefined
      ? 0
      : this.#clock.elapsedMs() - this.#operation.sinceMs;
  }

  /**
   * Waits for an operation to end, however long it takes.
   *
   * @param task What it does, such as `writing to logs/Hill.log`.
   */
  async run<Result>(task: string, operation: Promise<Result>): Promise<Result> {
    let beatsLeft = beatsOf(this.#timeoutMs);
    // The beat that has begun does not count.
    if (this.#cancelBeat !== undefined) beatsLeft += 1;
    else this.#startBeat();
    const sinceMs = this.#clock.elapsedMs();
    this.#operation = { task, sinceMs, beatsLeft };
    try {
      return await operation;
    } finally {
      this.#operation = undefined;
      this.#isHanging = false;
    }
  }

  /** From now on operations have less time, as the files are to be closed. */
  hurry(): void {
    this.#timeoutMs = closingTimeoutMs;
    if (this.#operation === undefined || this.#isHanging) return;
    this.stop();
    this.#operation.beatsLeft = beatsOf(closingTimeoutMs);
    this.#startBeat();
  }

  /** Ends the beats. They begin again with the next operation. */
  stop(): void {
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
  }

  #startBeat(): void {
    this.#cancelBeat = this.#clock.after(timeoutBeatMs, () => this.#beat());
  }

  #beat(): void {
    this.#cancelBeat = undefined;
    const operation = this.#operation;
    if (operation === undefined) return;
    operation.beatsLeft -= 1;
    if (operation.beatsLeft > 0) return this.#startBeat();
    this.#isHanging = true;
    this.#onHang(new SlowOperationError(operation.task, this.#timeoutMs));
  }
}

function beatsOf(timeoutMs: number): number {
  return Math.ceil(timeoutMs / timeoutBeatMs);
}

/**
 * Calls back after a time, which is counted in beats: a server that was frozen
 * has missed its own beats too, and does not conclude that its disk hangs.
 */
function countDown(
  clock: Clock,
  timeoutMs: number,
  callback: () => void,
): () => void {
  let beats = beatsOf(timeoutMs);
  let cancel = () => {};
  const beat = () => {
    beats -= 1;
    if (beats < 0) return callback();
    cancel = clock.after(timeoutBeatMs, beat);
  };
  beat();
  return () => cancel();
}

/**
 * Waits for an operation, and rejects if it has not ended within its time. It
 * may still end later.
 *
 * @throws {SlowOperationError} In that case.
 */
export async function withTimeout<Result>(
  clock: Clock,
  task: string,
  operation: Promise<Result>,
  timeoutMs = operationTimeoutMs,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = countDown(clock, timeoutMs, () => {
    reject(new SlowOperationError(task, timeoutMs));
  });
  try {
    return await Promise.race([operation, promise]);
  } finally {
    cancel();
  }
}
