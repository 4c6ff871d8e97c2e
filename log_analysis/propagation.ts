/**
 * How long reports take from the server that hears them to another one. When a
 * server has heard a report stands in the report, so one log is enough.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { type Percentiles, percentilesOf } from "./percentiles.ts";
import { heardAtUs } from "./report_line.ts";

/** No more reports than this are kept for one server. */
const maxReports = 20_000;

/** How long reports took to one server. */
export interface Propagation extends Percentiles {
  /** 1 if all reports were counted; otherwise one in so many, by their hash. */
  readonly oneIn: number;
}

/**
 * Takes the time of the first receipt of each report. When there are too many,
 * it goes on with every second one of them, chosen by a hash of the line, so
 * that a report's second receipt is known as such.
 */
export class PropagationSample {
  readonly #server: string;
  readonly #delaysUs = new Map<number, number>();
  #mask = 0;
  #beginsUs = Infinity;

  constructor(server: string) {
    this.#server = server;
  }

  /**
   * A report came in.
   *
   * @param text The AT line, escaped.
   */
  received(timeUs: number, text: ByteString): void {
    const hash = hashOf(text);
    if ((hash & this.#mask) !== 0 || this.#delaysUs.has(hash)) return;
    const fields = text.split(" ");
    if (fields.length !== 6) return;
    const [, server, difference, , , time] = fields;
    if (server === this.#server) return;
    const heardUs = heardAtUs(time, difference);
    // What was heard before the log began may have come before, too.
    if (!(heardUs >= this.#beginsUs)) return;
    this.#delaysUs.set(hash, timeUs - heardUs);
    if (this.#delaysUs.size > maxReports) this.#thin();
  }

  /** The log begins here: to be told before anything comes in. */
  begins(timeUs: number): void {
    if (this.#beginsUs === Infinity) this.#beginsUs = timeUs;
  }

  /** Undefined if no report came in. */
  result(): Propagation | undefined {
    const percentiles = percentilesOf(this.#delaysUs.values());
    return percentiles && { ...percentiles, oneIn: this.#mask + 1 };
  }

  #thin(): void {
    this.#mask = this.#mask * 2 + 1;
    for (const hash of this.#delaysUs.keys()) {
      if ((hash & this.#mask) !== 0) this.#delaysUs.delete(hash);
    }
  }
}

/** FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), with its bits mixed at the end. */
function hashOf(text: ByteString): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
