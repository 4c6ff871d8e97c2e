/**
 * What a second thread within a process buys, and what it costs to hand an update
 * to it.
 *
 * The job is to parse IAMAT lines with a regular expression and to keep the
 * newest report of each client in a map; the lines are in memory, and each is
 * news. Threads may run on any core.
 *
 * - 1 thread: 400,000 updates in one thread.
 * - 2 threads: 400,000 in each of two at once, which is twice the work; so twice
 *   the rate is the most that there is. Each has clients of its own. Workers of
 *   Deno and Node have a map each, as they share no objects; the threads of Java
 *   have one ConcurrentHashMap together, those of Python one dictionary under the
 *   interpreter's global lock.
 * - message: an AT line of some 90 characters handed from one thread to another,
 *   100,000 times, in CPU time of both: with postMessage in Deno and Node, which
 *   copies it; in an ArrayBlockingQueue (Java) or a SimpleQueue (Python), which
 *   hand over a reference. The JavaScript has 256 lines on their way at most, and
 *   each 64th is acknowledged; Java has as many.
 * - message of 64: the same lines, 64 of them in one text. CPU time a line.
 *
 * @module
 */
import type { Measure } from "../../bench/context.ts";
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
  title: "what a second thread buys, and what a message to it costs",
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
