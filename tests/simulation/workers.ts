/**
 * Runs simulated herds on all processors.
 *
 * @module
 */
import { SetupError } from "../../cli/exit.ts";
import type { Plan } from "./plan.ts";
import type { Outcome } from "./run.ts";
import type { Answer, Task } from "./worker.ts";

/**
 * Longest time for a task, in milliseconds. A herd takes about a second at most,
 * and a plan is shrunk for a minute.
 */
const maxTaskMs = 180_000;

/** One worker for each processor. They end with `using`. */
export class Workers implements Disposable {
  readonly #workers = Array.from(
    { length: navigator.hardwareConcurrency },
    () =>
      new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  );

  /** Runs the herd of each seed. */
  run(
    seeds: IterableIterator<number>,
    onOutcome: (outcome: Outcome) => void,
  ): Promise<void> {
    return this.#share(seeds, async (seed, worker) => {
      onOutcome(await request<Outcome>(worker, { seed }));
    });
  }

  /** Shrinks the plans of failing herds. */
  shrink(
    failures: IterableIterator<Required<Task>>,
    onPlan: (plan: Plan, failure: Required<Task>) => void,
  ): Promise<void> {
    return this.#share(failures, async (failure, worker) => {
      onPlan(await request<Plan>(worker, failure), failure);
    });
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }

  /** Each worker takes the next item when it has finished one. */
  async #share<Item>(
    items: IterableIterator<Item>,
    work: (item: Item, worker: Worker) => Promise<void>,
  ): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => {
      for (const item of items) await work(item, worker);
    }));
  }
}

/** Passes a task to a worker. Fails if the worker fails, or does not answer. */
async function request<Reply extends Answer>(
  worker: Worker,
  task: Task,
): Promise<Reply> {
  const { promise, reject, resolve } = Promise.withResolvers<Reply>();
  const fail = (why: string) => {
    const again = `deno task simulate --seed ${task.seed}`;
    reject(new SetupError(`seed ${task.seed}: ${why}; again: ${again}`));
  };
  const timer = setTimeout(
    () => fail(`no end in ${maxTaskMs / 1000} s`),
    maxTaskMs,
  );
  worker.onmessage = ({ data }: MessageEvent<Reply>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
