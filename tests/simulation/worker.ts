/**
 * Runs simulated herds on a processor of its own, for `simulate.ts`.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { Violation } from "./crossings.ts";
import { type Outcome, runSeed } from "./run.ts";

/** Which seeds a worker runs: every so many from the first to the last. */
export interface Share {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

let crashes: Violation[] = [];

// Nothing that a server does may end unnoticed.
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  crashes.push({ rule: "an unhandled rejection", detail: `${event.reason}` });
});

self.onmessage = async ({ data }: MessageEvent<Share>) => {
  for (let seed = data.first; seed <= data.last; seed += data.step) {
    crashes = [];
    const outcome = await runSeed(seed);
    const violations = [...outcome.violations, ...crashes];
    self.postMessage({ ...outcome, violations } satisfies Outcome);
  }
  self.close();
};
