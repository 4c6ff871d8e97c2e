/**
 * What phones have said and servers have answered: what every answer is held
 * against.
 *
 * @module
 */
import { isNewer, timeOf } from "../protocol/report.ts";

/** A report that a phone has sent. */
export interface Sent {
  /** The server that it was sent to. */
  readonly server: string;
  readonly position: string;
  /** Its AT line, as the first answer had it, if there was one. */
  line: string | undefined;
}

/**
 * So many reports of each phone are remembered. A line that is older than all
 * of them is only checked for its form.
 */
const reportsRemembered = 64;

/** Reports and answers of one run. */
export class Expectations {
  /** By the phone's ID, and then by the time it gave. */
  readonly #sent = new Map<string, Map<string, Sent>>();
  /** By the phone's ID: the newest AT line that has come as an answer. */
  readonly #newest = new Map<string, string>();
  /** By server, and then by the phone's ID: the newest it was seen to have. */
  readonly #known = new Map<string, Map<string, string>>();

  /** A phone reports. Its times never go back. */
  recordSent(server: string, id: string, time: string, position: string): void {
    const sent = this.#sent.get(id) ?? new Map<string, Sent>();
    this.#sent.set(id, sent);
    sent.set(time, { server, position, line: undefined });
    if (sent.size > reportsRemembered) {
      const [oldest] = sent.keys();
      sent.delete(oldest);
    }
  }

  /** What a phone has sent with this time, if that is remembered. */
  findSent(id: string, time: string): Sent | undefined {
    return this.#sent.get(id)?.get(time);
  }

  /**
   * Whether a report with this time may have been forgotten here, or be of an
   * earlier run with the same phones: it is older than all that are remembered.
   */
  mayHaveSent(id: string, time: string): boolean {
    const [oldest] = this.#sent.get(id)?.keys() ?? [];
    return oldest === undefined || Number(time) < Number(oldest);
  }

  /** A server has answered a report, rightly. */
  recordAnswer(server: string, id: string, line: string): void {
    keepNewer(this.#newest, id, line);
    this.recordSeen(server, id, line);
  }

  /**
   * A server was seen to know of a report, by its AT line, rightly. Where the
   * report is not remembered the line may be a lie, and nothing follows of it.
   */
  recordSeen(server: string, id: string, line: string): void {
    const sent = this.findSent(id, timeOf(line));
    if (sent === undefined) return;
    sent.line ??= line;
    const known = this.#known.get(server) ?? new Map<string, string>();
    this.#known.set(server, known);
    keepNewer(known, id, line);
  }

  /** A server is lost: it may have been killed, with all that it knew. */
  forgetServer(server: string): void {
    this.#known.delete(server);
  }

  /** The newest report of a phone that a server must know. */
  newestAt(server: string, id: string): string | undefined {
    return this.#known.get(server)?.get(id);
  }

  /** Each phone's newest report that was answered, by its ID. */
  get newest(): ReadonlyMap<string, string> {
    return this.#newest;
  }
}

function keepNewer(lines: Map<string, string>, id: string, line: string) {
  const known = lines.get(id);
  if (known === undefined || isNewer(line, known)) lines.set(id, line);
}
