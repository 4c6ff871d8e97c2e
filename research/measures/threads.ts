/**
 * What a second thread of a process gains, and what a message to it costs.
 *
 * A thread parses IAMAT lines with a regular expression and keeps the newest
 * report of each client in a map. The lines are in memory, and each is newer
 * than the one before. Threads may run on any core.
 *
 * - 1 thread: 400,000 updates in one thread.
 * - 2 threads: 400,000 updates in each of two threads at the same time, with
 *   clients of their own. Twice the rate is the most that is possible. Workers of
 *   Deno and Node have a map each, because they share no objects. Java's threads
 *   share a ConcurrentHashMap, and Python's a dictionary under the global lock.
 * - message: an AT line of about 90 characters is sent from one thread to
 *   another, 100,000 times. The CPU time is that of both threads. Deno and Node
 *   copy it (`postMessage`). Java (`ArrayBlockingQueue`) and Python
 *   (`SimpleQueue`) pass a reference. At most 256 lines are in flight, except in
 *   Python.
 * - message of 64: the same lines, 64 of them in one text. CPU time a line.
 *
 * @module
 */
import type { Measure } from "../../bench/measure.ts";
import { type Programs, runOnEach } from "../runtimes.ts";

const updates = 400_000;

const lines = 100_000;

/** The program in each language. */
export const threadPrograms: Programs = {
  javaScript: "research/threads/threads.mjs",
  python: "research/threads/threads.py",
  java: "research/threads/Threads.java",
};

/** A second thread, and messages to it. */
export const threads: Measure = {
  name: "threads",
  async run(context) {
    const { add } = context;
    await runOnEach(
      context,
      threadPrograms,
      [updates, lines],
      [],
      (runtime, { messageOf64Us, messageUs, oneThread, twoThreads }) => {
        add(runtime, "1 thread", { updatesPerSecond: oneThread });
        add(runtime, "2 threads", { updatesPerSecond: twoThreads });
        add(runtime, "message", { cpuUs: messageUs });
        add(runtime, "message of 64", { cpuUs: messageOf64Us });
      },
    );
  },
};
