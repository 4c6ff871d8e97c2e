/**
 * Reads the logs of garbage collectors: how long each collection stopped the
 * program.
 *
 * @module
 */
import { type Stop, stop } from "./stops.ts";

const nsPerMs = 1_000_000;

/** A log that was not understood must not count as a log without pauses. */
function demandSome<Found>(
  found: readonly Found[],
  runtime: string,
): readonly Found[] {
  if (found.length > 0) return found;
  throw new Error(`${runtime} has logged no garbage collection`);
}

/**
 * A line of V8's `--trace-gc`: when the collection ended, how long it stopped the
 * main thread, and the steps of marking before a mark-compact.
 */
const v8Line =
  /^\[\d+:0x[\da-f]+(?::\d+)?\]\s+(\d+) ms: .* MB, ([\d.]+) \/ [\d.]+ ms(?:\s+\(\+ ([\d.]+) ms in (\d+) steps since start of marking, biggest step ([\d.]+) ms)?/gm;

/**
 * The scavenges and mark-compacts in the output of V8 (Deno, Node).
 *
 * The steps of marking have the time of their mark-compact. Work of other threads
 * does not count.
 *
 * @param startedMs When the program started, in milliseconds since 1970. V8
 * counts from there, or from a little later.
 * @throws {Error} If there is none. Every server has some.
 */
export function readV8Log(text: string, startedMs: number): Stop[] {
  return demandSome([...text.matchAll(v8Line)], "V8").flatMap(
    ([, atMs, pauseMs, stepsMs, steps, longestStepMs]) => {
      const endMs = startedMs + Number(atMs);
      const pause = stop(endMs, Number(pauseMs));
      // The clock has tenths of a millisecond, so that a step may take 0.
      if (steps === undefined || steps === "0") return [pause];
      return [{
        endMs,
        count: Number(steps),
        totalMs: Number(stepsMs),
        longestMs: Number(longestStepMs),
      }, pause];
    },
  );
}

/** The first line of a JVM's log. */
const javaBegin = /^\[\d+ms\] Using \w/gm;

/** A stop at a safepoint for an operation of a collector. */
const safepointLine =
  /^\[(\d+)ms\] Safepoint "(?:G1|Gen|Z|Parallel|CollectFor)\w*", .*, Total: (\d+) ns$/gm;

/** A thread of the program that waited until ZGC had freed memory. */
const stallLine = /^\[(\d+)ms\] Allocation Stall \(\S+\) ([\d.]+)ms$/gm;

/**
 * The stops in a JVM's log of `-Xlog:safepoint,gc:...:timemillis`.
 *
 * A stop at a safepoint lasts from the request to the threads until they go on,
 * which is longer than the collector's own `Pause` lines say. Stops for other
 * purposes (`ICBufferFull`, `Cleanup`) do not count. The few safepoints within a
 * wait for memory count twice.
 *
 * @throws {Error} If it is another kind of log.
 */
export function readJavaLog(text: string): Stop[] {
  demandSome([...text.matchAll(javaBegin)], "Java");
  const safepoints = [...text.matchAll(safepointLine)].map(([, atMs, ns]) =>
    stop(Number(atMs), Number(ns) / nsPerMs)
  );
  const stalls = [...text.matchAll(stallLine)].map(([, atMs, ms]) =>
    stop(Number(atMs), Number(ms))
  );
  return [...safepoints, ...stalls];
}

/** A line of `watch_collector.py`. */
const pythonLine = /^collected (\d+\.\d+) ([\d.]+)$/gm;

/**
 * The runs of CPython's cyclic collector in the output of `watch_collector.py`.
 *
 * @throws {Error} If there is none. Importing asyncio causes some.
 */
export function readPythonLog(text: string): Stop[] {
  return demandSome([...text.matchAll(pythonLine)], "CPython").map(
    ([, endMs, ms]) => stop(Number(endMs), Number(ms)),
  );
}
