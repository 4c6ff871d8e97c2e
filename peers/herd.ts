/**
 * What one server knows of the herd's clients, and the decision that makes a
 * flood end: a report goes on only where it was news. No I/O, no clock.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { clientOf, type Report } from "../protocol/report.ts";
import { Outbox } from "./outbox.ts";
import { Table } from "./table.ts";

/** What came of a report. */
export type Acceptance =
  /** It is the newest about its client, stored and put in the outboxes. */
  | "newer"
  /** The herd knows as much or more; nothing changed. */
  | "known";

/** One server's memory and the outboxes to its linked neighbours. */
export class Herd {
  readonly #table = new Table();
  readonly #outboxes = new Map<string, Outbox>();

  /**
   * Takes a report from a client, or from a neighbour named `from`. If it is
   * newer than what is known, it is stored and put in the outbox of every
   * linked neighbour but the one it came from.
   */
  accept(report: Report, from?: string): Acceptance {
    const { client } = report;
    if (from !== undefined) {
      this.#outboxes.get(from)?.forget(client, report.line);
    }
    const line = this.#table.put(report);
    if (line === undefined) return "known";
    if (this.#outboxes.size > 0) {
      // A key cut from the stored line keeps nothing alive but that line.
      const key = clientOf(line);
      for (const [neighbour, outbox] of this.#outboxes) {
        if (neighbour !== from) outbox.put(key, line);
      }
    }
    return "newer";
  }

  /** The newest AT line about a client; undefined for one never heard of. */
  newest(client: ByteString): ByteString | undefined {
    return this.#table.get(client);
  }

  /** How many clients the herd has heard of, as far as this server knows. */
  get clients(): number {
    return this.#table.size;
  }

  /** All newest AT lines; may be walked while reports come in. */
  lines(): IterableIterator<ByteString> {
    return this.#table.lines();
  }

  /**
   * A neighbour is linked: from now on reports are put in its outbox. With
   * `catchUp`, it is sent all that is known too.
   */
  link(neighbour: string, catchUp: boolean): Outbox {
    let outbox = this.#outboxes.get(neighbour);
    if (outbox === undefined) {
      outbox = new Outbox();
      this.#outboxes.set(neighbour, outbox);
    }
    outbox.catchUpWith(catchUp ? this.lines() : undefined);
    return outbox;
  }

  /** A neighbour is gone: nothing waits for it. */
  unlink(neighbour: string): void {
    this.#outboxes.get(neighbour)?.clear();
    this.#outboxes.delete(neighbour);
  }
}
