/**
 * The newest report for each client. The table is the herd's whole memory, and
 * its dedupe too: a report that is not newer than the one stored goes no
 * further.
 *
 * @module
 */
import { type ByteString, detach } from "../protocol/bytes.ts";
import { isNewer, type Report } from "../protocol/report.ts";

/** AT lines by client ID. Stored strings are copies that keep no input alive. */
export class Table {
  readonly #lines = new Map<ByteString, ByteString>();

  /**
   * Takes a report if it is newer than what is known about its client.
   * Returns the stored line, or undefined if the report changed nothing.
   */
  put(report: Report): ByteString | undefined {
    const known = this.#lines.get(report.client);
    if (known !== undefined && !isNewer(report.line, known)) return undefined;
    const line = detach(report.line);
    this.#lines.set(
      known === undefined ? detach(report.client) : report.client,
      line,
    );
    return line;
  }

  /** The newest AT line about a client. */
  get(client: ByteString): ByteString | undefined {
    return this.#lines.get(client);
  }

  /** How many clients are known. */
  get size(): number {
    return this.#lines.size;
  }

  /** All newest AT lines; may be walked while the table changes. */
  lines(): IterableIterator<ByteString> {
    return this.#lines.values();
  }
}
