/**
 * The reports that all servers must have at the end: for each client, the
 * newest report that the anchor was seen to have, or that a server has answered
 * in its present incarnation. The anchor is the server that is never killed.
 * Before the soak ends another server, it waits until the anchor has each
 * report that the other one has answered.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { isMissing, isNewer } from "../../protocol/order.ts";
import { clientOf, serverOf } from "../../protocol/report.ts";

/** The newest expected report of each client. */
export class ExpectedReports {
  /** Reports that the anchor has. */
  readonly #atAnchor = new Map<ByteString, ByteString>();
  /** Reports that each server has answered in its present incarnation. */
  readonly #answered = new Map<string, Map<ByteString, ByteString>>();
  #reports = 0;

  /** The number of answered reports. */
  get reports(): number {
    return this.#reports;
  }

  /** Records that a server has answered a report. */
  recordAnswer(line: ByteString): void {
    this.#reports += 1;
    const server = serverOf(line);
    let lines = this.#answered.get(server);
    if (lines === undefined) this.#answered.set(server, lines = new Map());
    keepNewer(lines, line);
  }

  /** Records that the anchor has a report. */
  recordAtAnchor(line: ByteString): void {
    keepNewer(this.#atAnchor, line);
  }

  /** The reports that a server has answered and the anchor may lack. */
  missingAtAnchor(server: string): ByteString[] {
    return [...this.#answered.get(server)?.values() ?? []]
      .filter((line) => !this.isAtAnchor(line));
  }

  /** Whether the anchor has this report or a newer one. */
  isAtAnchor(line: ByteString): boolean {
    const known = this.#atAnchor.get(clientOf(line));
    return known !== undefined && !isMissing(line, known);
  }

  /** Forgets the answers of a server that ends. */
  forgetServer(server: string): void {
    this.#answered.delete(server);
  }

  /** For each client, the oldest line that all servers may have at the end. */
  required(): Map<ByteString, ByteString> {
    const required = new Map(this.#atAnchor);
    for (const lines of this.#answered.values()) {
      for (const line of lines.values()) keepNewer(required, line);
    }
    return required;
  }
}

/** Stores a line if it is newer than the stored one of its client. */
export function keepNewer(
  lines: Map<ByteString, ByteString>,
  line: ByteString,
): void {
  const client = clientOf(line);
  const known = lines.get(client);
  if (known === undefined || isNewer(line, known)) lines.set(client, line);
}
