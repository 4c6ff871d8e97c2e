/**
 * Measures how long reports take from their origin to another server. A report
 * contains the time of its receipt by the origin, so one log is enough.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { type Percentiles, percentilesOf } from "./percentiles.ts";
import { heardAtUs } from "./report_line.ts";

/** Most reports in the sample of one server. */
const maxReports = 20_000;

/** How long reports took to reach one server. */
export interface Propagation extends Percentiles {
  /** 1 if all reports were counted; N if one in N was. */
  readonly oneIn: number;
}

/**
 * Measures the first receipt of each report. If there are too many, it keeps
 * every second report, then every fourth and so on. The choice depends on a
 * hash of the line, so that repeated receipts are recognized.
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
   * Adds a report that was received.
   *
   * @param text The AT line, with attributes or without, escaped.
   */
  received(timeUs: number, text: ByteString): void {
    const hash = hashOf(text);
    if ((hash & this.#mask) !== 0 || this.#delaysUs.has(hash)) return;
    const fields = text.split(" ");
    if (fields.length < 6 || fields.length > 7) return;
    const [, server, difference, , , time] = fields;
    if (server === this.#server) return;
    const heardUs = heardAtUs(time, difference);
    // The origin received this report before the log began, so this server may
    // also have received it before that.
    if (!(heardUs >= this.#beginsUs)) return;
    this.#delaysUs.set(hash, timeUs - heardUs);
    if (this.#delaysUs.size > maxReports) this.#halve();
  }

  /** Sets the beginning of the log. Must be called before the first report. */
  setBeginning(timeUs: number): void {
    if (this.#beginsUs === Infinity) this.#beginsUs = timeUs;
  }

  /** Undefined if no report was received. */
  result(): Propagation | undefined {
    const percentiles = percentilesOf(this.#delaysUs.values());
    return percentiles && { ...percentiles, oneIn: this.#mask + 1 };
  }

  #halve(): void {
    this.#mask = this.#mask * 2 + 1;
    for (const hash of this.#delaysUs.keys()) {
      if ((hash & this.#mask) !== 0) this.#delaysUs.delete(hash);
    }
  }
}

/** FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), with a final mix of its bits. */
function hashOf(text: ByteString): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
