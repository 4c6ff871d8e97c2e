/**
 * Checks that one simulated server takes reports for what they are by the clocks
 * of the herd, as docs/PROTOCOL.md specifies. The clocks are those of the hosts,
 * not what servers tell each other, which may be late.
 *
 * @module
 */
import type { Acceptance } from "../../peers/replication/flood_router.ts";
import type { HostClock } from "./host_clock.ts";
import { epochSeconds } from "./virtual_process.ts";

/**
 * What a server knows of a clock that was set may be this old, in milliseconds:
 * two epochs of its comparison, the time between two messages, and the time for
 * which a server may have been frozen or silent.
 */
const maxAgeMs = 40_000;

/** A message may have been under way for this long, in milliseconds. */
const maxDelayMs = 12_000;

/** Reports that were heard so far ahead of the median are refused. */
const limitMs = 60_000;

/** What `ClockWatch` needs. */
export interface ClockWatchOptions {
  readonly elapsedMs: () => number;
  /** The clocks of the server and of the neighbours whose clocks it knows. */
  readonly clocks: () => readonly HostClock[];
  readonly onViolation: (rule: string, detail: string) => void;
}

/** Checks one server. */
export class ClockWatch {
  readonly #options: ClockWatchOptions;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  /** To be called when a report of a neighbour was accepted or refused. */
  onAcceptance(line: string, acceptance: Acceptance): void {
    const { clocks, elapsedMs, onViolation } = this.#options;
    const aheadMs = heardMsOf(line) - elapsedMs();
    const ranges = clocks().map((clock) =>
      clock.rangeSince(elapsedMs() - maxAgeMs)
    );
    if (acceptance === "ahead") {
      const least = medianOf(ranges.map(([least]) => least)) - maxDelayMs;
      if (aheadMs > least + limitMs) return;
      onViolation("a report is refused though its time has come", line);
    } else {
      const most = medianOf(ranges.map(([, most]) => most));
      if (aheadMs <= most + limitMs + 1) return;
      onViolation("a report of a time that has not come is accepted", line);
    }
  }
}

/** When a report was heard, in milliseconds after the start of a simulation. */
export function heardMsOf(line: string): number {
  const [, , difference, , , time] = line.split(" ");
  const seconds = BigInt(difference.replace(".", "")) +
    BigInt(nanosecondsOf(time)) - BigInt(epochSeconds) * 1_000_000_000n;
  return Number(seconds) / 1e6;
}

function nanosecondsOf(time: string): string {
  const [integer, fraction = ""] = time.split(".");
  return integer + fraction.slice(0, 9).padEnd(9, "0");
}

function medianOf(values: number[]): number {
  const sorted = values.sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}
