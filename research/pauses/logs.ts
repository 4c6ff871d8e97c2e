/**
 * Reads from what runtimes print of their garbage collection how long each
 * collection stopped the program.
 *
 * @module
 */
import { type Stop, stop } from "./stops.ts";

const nsPerMs = 1_000_000;

/** Nothing found must not be taken for no pause. */
function demandSome<Found>(
  found: readonly Found[],
  who: string,
): readonly Found[] {
  if (found.length > 0) return found;
  throw new Error(`${who} told of no garbage collection: is its log another?`);
}

/**
 * A line of V8's `--trace-gc`: when it ended, how long the main thread stood
 * still, and of a mark-compact what its marking took before, in steps.
 */
const v8Line =
  /^\[\d+:0x[\da-f]+(?::\d+)?\]\s+(\d+) ms: .* MB, ([\d.]+) \/ [\d.]+ ms(?:\s+\(\+ ([\d.]+) ms in (\d+) steps since start of marking, biggest step ([\d.]+) ms)?/gm;

/**
 * The scavenges and mark-compacts in what V8 printed (Deno, Node).
 *
 * The steps of a marking are counted where the mark-compact is that they end in.
 * What threads do beside the main one is no stop, and is not counted.
 *
 * @param startedMs When the program started, in milliseconds since 1970: V8
 * counts from there, or a little later.
 * @throws {Error} If there is none: a server never runs without.
 */
export function readV8Log(text: string, startedMs: number): Stop[] {
  return demandSome([...text.matchAll(v8Line)], "V8").flatMap(
    ([, atMs, pauseMs, stepsMs, steps, longestStepMs]) => {
      const endMs = startedMs + Number(atMs);
      const pause = stop(endMs, Number(pauseMs));
      // Its clock has tenths of a millisecond only, and may call a step 0.
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

/** What a JVM says first, whether it ever collects or not. */
const javaBegin = /^\[\d+ms\] Using \w/gm;

/** A stop at a safepoint: of these operations, which are a collector's. */
const safepointLine =
  /^\[(\d+)ms\] Safepoint "(?:G1|Gen|Z|Parallel|CollectFor)\w*", .*, Total: (\d+) ns$/gm;

/** A thread of the program that waited for ZGC to free some memory. */
const stallLine = /^\[(\d+)ms\] Allocation Stall \(\S+\) ([\d.]+)ms$/gm;

/**
 * The stops in what a JVM wrote with `-Xlog:safepoint,gc:...:timemillis`.
 *
 * A stop at a safepoint is counted from when the threads are asked to stop until
 * they go on, which is more than the collector's own `Pause` lines hold. Stops
 * for other ends (`ICBufferFull`, `Cleanup`) are not the collector's. The few
 * safepoints within a wait for memory are counted beside it.
 *
 * @throws {Error} If it is no such log.
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
 * The runs of CPython's cyclic collector in what `watch_collector.py` printed.
 *
 * @throws {Error} If there is none: importing asyncio alone makes some.
 */
export function readPythonLog(text: string): Stop[] {
  return demandSome([...text.matchAll(pythonLine)], "CPython").map(
    ([, endMs, ms]) => stop(Number(endMs), Number(ms)),
  );
}
