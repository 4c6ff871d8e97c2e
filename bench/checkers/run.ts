/**
 * Runs a program to its end.
 *
 * @module
 */
import { projectFolder } from "../../tests/herd/process.ts";

/** What a program left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** None of our programs takes a tenth of that, in milliseconds. */
const deadlineMs = 30_000;

/**
 * Runs a command in the project's folder.
 *
 * @throws {Error} If it has not ended by itself after 30 seconds.
 */
export async function runToEnd(
  [program, ...args]: readonly string[],
): Promise<Ended> {
  const { code, signal, stderr, stdout } = await new Deno.Command(program, {
    args,
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(deadlineMs),
  }).output();
  if (signal !== null) {
    throw new Error(`${[program, ...args].join(" ")}: ended by ${signal}`);
  }
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** How many of our programs run at the same time. */
const atOnce = 2;

/**
 * Does something with each item, two at a time. After an error no other one is
 * begun, and those that were begun have ended.
 */
export async function forEachOf<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  // One for all workers: it ends for all when a loop over it ends early.
  const waiting = (function* () {
    yield* items;
  })();
  const workers = Array.from({ length: atOnce }, async () => {
    for (const item of waiting) await act(item);
  });
  for (const worker of await Promise.allSettled(workers)) {
    if (worker.status === "rejected") throw worker.reason;
  }
}
