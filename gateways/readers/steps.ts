/**
 * Work in steps. A message of megabytes takes longer than a turn of the server,
 * so its readers are generators that yield where they may pause.
 *
 * @module
 */

/** Work that yields after each short step. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does all steps at once. */
export function finish<Result>(work: Result | Steps<Result>): Result {
  if (!isSteps(work)) return work;
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Whether work is in steps, and not a result. */
export function isSteps<Result>(
  work: Result | Steps<Result>,
): work is Steps<Result> {
  return typeof work === "object" && work !== null && "next" in work;
}
