/**
 * Which reports the herd has to know in the end. The rule: of each client, the
 * newest of those that a server has answered which did not die since, and of
 * those that the server which never dies was seen to know. Before a server is
 * killed, the soak waits until that one knows all that the victim had answered.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, isNewer, serverOf } from "../../protocol/report.ts";

/** The newest of each client that was answered, by who has to answer for it. */
export class Ledger {
  /** Known to the server that never dies. */
  readonly #kept = new Map<ByteString, ByteString>();
  /** Answered by each server in its present life. */
  readonly #answered = new Map<string, Map<ByteString, ByteString>>();
  #reports = 0;

  /** Reports that were answered. */
  get reports(): number {
    return this.#reports;
  }

  /** A server has answered a report. */
  answered(line: ByteString): void {
    this.#reports += 1;
    const server = serverOf(line);
    let lines = this.#answered.get(server);
    if (lines === undefined) this.#answered.set(server, lines = new Map());
    keepNewer(lines, line);
  }

  /** The server that never dies knows this. */
  kept(line: ByteString): void {
    keepNewer(this.#kept, line);
  }

  /** What a server has answered, and the one that never dies may not know. */
  heldBy(server: string): ByteString[] {
    return [...this.#answered.get(server)?.values() ?? []]
      .filter((line) => !this.isKept(line));
  }

  /** Whether the server that never dies knows this, or a newer one. */
  isKept(line: ByteString): boolean {
    const kept = this.#kept.get(clientOf(line));
    return kept !== undefined && !isNewer(line, kept);
  }

  /** A server dies, and takes along what nobody else need know. */
  died(server: string): void {
    this.#answered.delete(server);
  }

  /** What the herd has to know of each client: this, or something newer. */
  demanded(): Map<ByteString, ByteString> {
    const demanded = new Map(this.#kept);
    for (const lines of this.#answered.values()) {
      for (const line of lines.values()) keepNewer(demanded, line);
    }
    return demanded;
  }
}

/** Keeps a line if it is newer than the one known of its client. */
export function keepNewer(
  lines: Map<ByteString, ByteString>,
  line: ByteString,
): void {
  const client = clientOf(line);
  const known = lines.get(client);
  if (known === undefined || isNewer(line, known)) lines.set(client, line);
}
